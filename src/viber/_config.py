"""The base of every configuration: frozen, keyword-only, validated once, unknown keys refused."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from viber.errors import ConfigurationError


class Config(BaseModel):
    """Frozen settings; what is wrong with them is one `ConfigurationError` that never shows a value."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, validate_default=True
    )

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as refused:
            problems = [_problem(error["loc"], error["msg"]) for error in refused.errors(include_input=False)]
        else:
            return
        # Raised out here, because the refused values would hang on as the context of the error.
        raise ConfigurationError(f"{type(self).__name__} is not valid", problems=problems)


def _problem(place: tuple[int | str, ...], text: str) -> str:
    where = ".".join(map(str, place))
    reason = text.removeprefix("Value error, ")
    return f"{where}: {reason}" if where else reason
