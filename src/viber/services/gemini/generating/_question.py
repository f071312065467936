"""What is asked of a model, or of one that stands in for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, cast

from viber.http import Request
from viber.services.gemini._errors import refusal
from viber.services.gemini.content._json import Json
from viber.services.gemini.content._wire import Endpoint, continued

ModelNames = str | Sequence[str]
"""A model, or several in the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class Question:
    """One body, ready to be sent to each of its models."""

    body: Json
    requests: Mapping[str, Request]

    @classmethod
    def of(cls, endpoint: Endpoint, models: Sequence[str], verb: str, body: Json) -> Self:
        """The question to these models.

        Raises:
            InvalidRequestError: the body cannot be sent, or there is no such model name.
        """
        first = endpoint.post(models[0], verb, body)
        others = {model: replace(first, url=endpoint.url(model, verb)) for model in models[1:]}
        return cls(body, {models[0]: first, **others})

    @property
    def models(self) -> tuple[str, ...]:
        """Whom to ask, in order."""
        return tuple(self.requests)

    def request(self, model: str, page: str = "") -> Request:
        """The request to one of the models, for its answer or for what follows a continuation token."""
        return continued(self.requests[model], self.body, page)


def models_of(models: ModelNames) -> tuple[str, ...]:
    """The names, without `models/` and repetitions.

    Raises:
        InvalidRequestError: there is none.
        TypeError: one is no text.
    """
    named = (models,) if isinstance(models, str) else models
    if not _are_texts(named):  # a caller without a type checker
        raise TypeError(f"a model is a name, or a list of names, not {models!r}")
    names = dict.fromkeys(model.removeprefix("models/") for model in named)
    if not names:
        raise refusal("no model is named", suggestion="for example gemini-flash-latest")
    return tuple(names)


def _are_texts(named: object) -> bool:
    return isinstance(named, Iterable) and all(
        isinstance(name, str) for name in cast("Iterable[object]", named)
    )
