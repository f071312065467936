"""What a conversation is, apart from the service that it runs on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, ValidationError

from viber.services.gemini._errors import refusal
from viber.services.gemini._options import ContentLike
from viber.services.gemini.content._json import Json
from viber.services.gemini.content._models import Content, GenerateContentResponse
from viber.services.gemini.content._usage import UsageMetadata
from viber.services.gemini.content._wire import content, contents, encoded
from viber.services.gemini.generating._question import ModelNames, models_of
from viber.services.gemini.generating._schema import complaints_of


@dataclass(frozen=True, slots=True)
class ChatState:
    """A conversation so far: signatures belong to a model, so the model is part of it."""

    models: tuple[str, ...]
    system: Json | None = None
    history: tuple[Content, ...] = ()
    usage: UsageMetadata = field(default_factory=UsageMetadata)

    @classmethod
    def of(cls, models: tuple[str, ...], system: ContentLike | None, history: Sequence[ContentLike]) -> Self:
        """A conversation that goes on from here.

        Raises:
            InvalidRequestError: a turn is none, or the user does not begin.
        """
        instruction = None if system is None else content(system)
        return cls(models, instruction, _turns(contents(history) if history else []))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote.

        Raises:
            InvalidRequestError: it is something else.
        """
        try:
            written = _Written.model_validate_json(text)
        except ValidationError:
            raise refusal("this is no chat", suggestion="give what Chat.to_json() wrote") from None
        history = written.history
        return cls(
            written.models, written.system, _turns(contents(history) if history else []), written.usage
        )

    def under(self, model: ModelNames | None, system: ContentLike | None) -> Self:
        """The conversation with another model or instruction, where one is given."""
        instruction = self.system if system is None else content(system)
        models = self.models if model is None else models_of(model)
        return replace(self, models=models, system=instruction)

    def to_json(self) -> str:
        """Everything, as text: the turns as they came, signatures among them."""
        state = {
            "version": 1,
            "models": self.models,
            "system": self.system,
            "history": [turn.to_wire() for turn in self.history],
            "usage": self.usage.to_wire(),
        }
        return encoded(state).decode()

    def after(self, turns: Sequence[Content], answer: GenerateContentResponse) -> Self:
        """The conversation with these turns at its end, the last of which is this answer."""
        models = (answer.model,) if answer.model else self.models
        history, usage = (*self.history, *turns), self.usage + answer.usage
        return replace(self, models=models, history=history, usage=usage)


class _Written(BaseModel):
    """What a chat is as text."""

    version: Literal[1]
    models: Annotated[tuple[str, ...], Field(min_length=1)]
    system: Json | None
    history: tuple[Content, ...]
    usage: UsageMetadata


def content_of(said: Json) -> Content:
    """A turn as a value.

    Raises:
        InvalidRequestError: a part of it is of another type than Google documents.
    """
    try:
        return Content.model_validate(said)
    except ValidationError as refused:
        raise refusal("; ".join(complaints_of(refused))) from None


def _turns(said: Sequence[Json]) -> tuple[Content, ...]:
    turns = tuple(map(content_of, said))
    if turns and turns[0].role != "user":
        raise refusal("a conversation begins with the user", suggestion="put what the user said first")
    return turns
