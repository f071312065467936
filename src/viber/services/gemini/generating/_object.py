"""Answers as values of a Python type: asked for by its schema, checked by pydantic, mended once."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, Self, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from viber.observability import redact_text
from viber.services.gemini._errors import NoObjectError, refusal
from viber.services.gemini._options import GenerateOptions, Prompt
from viber.services.gemini.content._answers import complete_or_error, text_or_error
from viber.services.gemini.content._json import Json
from viber.services.gemini.content._models import Content
from viber.services.gemini.content._part import Part
from viber.services.gemini.generating import _asking
from viber.services.gemini.generating._generation import Generator
from viber.services.gemini.generating._schema import complaints_of, schema_of

T = TypeVar("T")
_FORMS = 128
"""How many types are remembered with their schemas."""


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """A type, and how to ask for a value of it."""

    name: str
    adapter: TypeAdapter[T]
    schema: Json

    @classmethod
    def of(cls, kind: type[T] | TypeAdapter[T]) -> Self:
        """The form of a type.

        Raises:
            InvalidRequestError: Gemini cannot express it, or pydantic does not know it.
        """
        name = getattr(kind, "__name__", str(kind)) if isinstance(kind, type) else str(kind)
        try:
            adapter: TypeAdapter[T] = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
            return cls(name, adapter, schema_of(adapter, name))
        except (PydanticUserError, NameError, TypeError) as error:
            raise refusal(f"the type {name}: {str(error).partition(chr(10))[0]}") from error


@lru_cache(_FORMS)
def _form_of(kind: Any) -> Form[Any]:
    return Form[Any].of(kind)


async def generate_object(
    generator: Generator,
    prompt: Prompt,
    kind: type[T] | TypeAdapter[T],
    repairs: int,
    options: GenerateOptions,
) -> T:
    """An object; one that does not fit goes back to the model, at most `repairs` times.

    Raises:
        NoObjectError: it does not fit in the end.
        AnswerCutError, AnswerBlockedError: the answer is not whole.
        InvalidRequestError: the request or the type is wrong.
    """
    form: Form[T] = _form_of(_checked(kind))
    dialogue = _asking.begin(generator, prompt, options, schema=form.schema)
    while True:
        answer = await _asking.answer(generator, dialogue)
        complete_or_error(answer)
        text = text_or_error(answer)
        try:
            return form.adapter.validate_json(text)
        except ValidationError as refused:
            complaints = complaints_of(refused)
        if repairs <= 0:
            raise _no_object(form.name, text, complaints, generator.failures.secrets)
        repairs -= 1
        dialogue.model = answer.model
        dialogue.say(answer.turns[-1], _sent_back(complaints))


def _checked(kind: object) -> Hashable:
    if not isinstance(kind, Hashable):  # a caller without a type checker
        raise TypeError(
            "generate_object takes a type; a JSON schema goes into generation_config, beside "
            "responseMimeType, as responseJsonSchema"
        )
    return kind


def _no_object(name: str, text: str, complaints: Iterable[str], secrets: tuple[str, ...]) -> NoObjectError:
    return NoObjectError(
        f"the answer does not fit {name}",
        text=redact_text(text, secrets=secrets),
        complaints=[redact_text(complaint, secrets=secrets) for complaint in complaints],
    )


def _sent_back(complaints: Iterable[str]) -> Content:
    lines = "\n".join(f"- {complaint}" for complaint in complaints)
    text = f"That does not fit the schema:\n{lines}\nGive the whole answer again, with these faults mended."
    return Content(role="user", parts=(Part(text=text),))
