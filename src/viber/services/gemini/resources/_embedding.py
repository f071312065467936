"""Embeddings, the pure half: texts to requests of a size that Gemini takes, and answers to vectors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from viber.http import Response
from viber.services.gemini._errors import refusal
from viber.services.gemini.content._answers import malformed, read_object
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.content._json import Json, is_array, is_object, objects_in
from viber.services.gemini.content._wire import model_path
from viber.services.gemini.generating._estimate import estimate


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some texts that follow each other, the first at a place in the whole."""

    start: int
    texts: tuple[str, ...]
    tokens: int

    @property
    def places(self) -> slice:
        """Where they stand in the whole."""
        return slice(self.start, self.start + len(self.texts))


def chunks(texts: Sequence[str], *, items: int, tokens: int) -> Iterator[Chunk]:
    """The texts in order, cut where a chunk would have too many of them or too many tokens.

    A text that is too long by itself goes alone, and Gemini decides.

    Example:
        >>> [chunk.texts for chunk in chunks(["a", "b", "c"], items=2, tokens=100)]
        [('a', 'b'), ('c',)]
    """
    start, size = 0, 0
    for place, text in enumerate(texts):
        more = estimate({"text": text})
        if place > start and (place - start == items or size + more > tokens):
            yield Chunk(start, tuple(texts[start:place]), size)
            start, size = place, 0
        size += more
    if start < len(texts):
        yield Chunk(start, tuple(texts[start:]), size)


def embed_body(texts: Sequence[str], model: str, settings: Json) -> Json:
    """The body of one request.

    Raises:
        InvalidRequestError: there is no such model name.
    """
    path = model_path(model)
    content = ({"parts": [{"text": text}]} for text in texts)
    return {"requests": [{"model": path, "content": each, **settings} for each in content]}


def embed_settings(task_type: str | None, title: str | None, dimensions: int | None) -> Json:
    """The options of an embedding as Gemini reads them.

    Raises:
        InvalidRequestError: one of them makes no sense.
    """
    if dimensions is not None and dimensions < 1:
        raise refusal("dimensions takes a number above 0")
    if title is not None and task_type != "RETRIEVAL_DOCUMENT":
        raise refusal("a title belongs to a document", suggestion='say task_type="RETRIEVAL_DOCUMENT" too')
    given = {"taskType": task_type, "title": title, "outputDimensionality": dimensions}
    return {name: value for name, value in given.items() if value is not None}


def check_texts(texts: Sequence[str]) -> None:
    """Refuse what cannot be embedded.

    Raises:
        InvalidRequestError: a text is empty; it says which.
    """
    for place, text in enumerate(texts):
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"text {place} is a {type(text).__name__!r}, not a str")
        if not text.strip():
            raise refusal(f"text {place} is empty", suggestion="leave it out, and keep its place yourself")


@dataclass(frozen=True, slots=True)
class Vectors:
    """What one request brought."""

    values: list[list[float]]
    usage: Json
    """Google's JSON; empty where it tells nothing."""


def read_vectors(response: Response, failures: Failures, *, count: int) -> Vectors:
    """The vectors of an answer.

    Raises:
        BaseError: it is an error, or not one vector for each text.
    """
    body = read_object(response, failures)
    vectors = [
        values for each in objects_in(body.get("embeddings")) if _is_vector(values := each.get("values"))
    ]
    if len(vectors) != count:
        raise malformed(f"{count} vectors were asked for, and {len(vectors)} came", failures)
    usage = body.get("usageMetadata")
    return Vectors(vectors, usage if is_object(usage) else {})


def _is_vector(values: object) -> TypeGuard[list[float]]:
    return is_array(values) and bool(values) and {float, int}.issuperset(map(type, values))
