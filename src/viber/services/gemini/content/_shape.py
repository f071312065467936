"""The shape of what goes over the wire: names in camel case, what is unknown kept."""

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from viber.errors import ServerError
from viber.services.gemini.content._json import Json, is_object

_NAMES = {
    "prompt_tokens": "promptTokenCount",
    "cached_tokens": "cachedContentTokenCount",
    "candidates_tokens": "candidatesTokenCount",
    "thoughts_tokens": "thoughtsTokenCount",
    "tool_use_tokens": "toolUsePromptTokenCount",
    "reported_total": "totalTokenCount",
    "usage": "usageMetadata",
    "tokens": "tokenCount",
    "prompt_details": "promptTokensDetails",
    "cache_details": "cacheTokensDetails",
    "candidates_details": "candidatesTokensDetails",
    "tool_use_details": "toolUsePromptTokensDetails",
}


def name_on_wire(field: str) -> str:
    """The camel-case name of a field, or its name in Google's spelling where that differs."""
    return _NAMES.get(field) or to_camel(field)


def in_camel_case(value: Any) -> Any:
    """JSON all of whose names are Google's, in the spelling of the wire.

    Example:
        >>> in_camel_case({"function_calling_config": {"mode": "ANY", "allowed_function_names": ["a_b"]}})
        {'functionCallingConfig': {'mode': 'ANY', 'allowedFunctionNames': ['a_b']}}
    """
    if is_object(value):
        return {name_on_wire(name): in_camel_case(item) for name, item in value.items()}
    return value


class Wire(BaseModel):
    """Frozen; reads camelCase or snake_case, and gives back what it read, unknown fields included."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="allow",
        alias_generator=name_on_wire,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def from_wire(cls, data: Json) -> Self:
        """What a JSON object of the server says.

        Raises:
            ServerError: a known field is of another type than Google documents.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as refused:
            places = sorted(
                {".".join(map(str, error["loc"])) for error in refused.errors(include_input=False)}
            )
            message = "the answer is not what Gemini documents"
            raise ServerError(
                message, service="gemini", retryable=False, details={"fields": places}
            ) from None

    def to_wire(self) -> Json:
        """The JSON object it was read from."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class Answered(Wire):
    """What the server may say with nulls, which are as good as nothing."""

    @model_validator(mode="before")
    @classmethod
    def _absent_is_nothing(cls, data: Any) -> Any:
        if is_object(data) and None in data.values():
            return {name: value for name, value in data.items() if value is not None}
        return data
