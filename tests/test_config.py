from __future__ import annotations

import math
import traceback
from typing import Annotated, Any

import pytest
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from viber._config import Config
from viber.errors import ConfigurationError

SECRET = "sb_secret_0123456789abcdef"


class Inner(Config):
    size: Annotated[int, Field(ge=1)] = 1


class Sample(Config):
    timeout: Annotated[float, Field(gt=0)] = 1.0
    attempts: Annotated[int, Field(ge=1)] = 3
    key: SecretStr | None = None
    inner: Inner = Inner()

    @field_validator("attempts")
    @classmethod
    def _lucky(cls, value: int) -> int:
        if value == 13:
            raise ValueError("thirteen brings bad luck")
        return value


class Discordant(Config):
    @model_validator(mode="after")
    def _refuse(self) -> Discordant:
        raise ValueError("the parts do not fit")


def refused(**fields: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        Sample(**fields)
    return caught.value


def test_an_unknown_key_is_refused() -> None:
    """A misspelt setting is an error that names it."""
    assert refused(tiemout=2.0).problems == ("tiemout: Extra inputs are not permitted",)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_must_be_finite(value: float) -> None:
    """NaN and infinity are refused: no limit is said with None."""
    assert refused(timeout=value).problems[0].startswith("timeout: ")


def test_every_problem_is_listed() -> None:
    """All that is wrong is told at once."""
    error = refused(timeout=-1, attempts=0, nonsense=1)
    assert [problem.split(":")[0] for problem in error.problems] == ["timeout", "attempts", "nonsense"]
    assert str(error).startswith("Sample is not valid\n  - timeout: ")


def test_a_rule_of_our_own_reads_like_any_other() -> None:
    """A validator's text is told without the validator's own preface."""
    assert refused(attempts=13).problems == ("attempts: thirteen brings bad luck",)


def test_the_refused_value_is_never_shown() -> None:
    """Neither the error nor its traceback shows the value, which may be a key."""
    error = refused(timeout=SECRET, key=[SECRET])
    assert SECRET not in "".join(traceback.format_exception(error))


def test_the_refused_value_is_not_kept_as_cause_or_context() -> None:
    """The error of the validator, which holds the value, does not hang on ours."""
    error = refused(timeout=SECRET)
    assert (error.__cause__, error.__context__) == (None, None)


def test_a_repr_shows_no_secret() -> None:
    """The repr of a valid configuration hides its keys."""
    assert SECRET not in repr(Sample(key=SecretStr(SECRET)))


def test_a_configuration_is_frozen() -> None:
    """A value, not a variable: to change it is to make another."""
    with pytest.raises(ValidationError, match="frozen"):
        Sample().timeout = 2.0


def test_model_validate_refuses_in_the_same_way() -> None:
    """Whichever way it is made, what is wrong is a `ConfigurationError`."""
    with pytest.raises(ConfigurationError, match="attempts"):
        Sample.model_validate({"attempts": 0})


def test_a_part_refuses_in_the_same_way() -> None:
    """A configuration within a configuration says what is wrong with it."""
    with pytest.raises(ConfigurationError, match="Inner is not valid\n  - size: "):
        Sample.model_validate({"inner": {"size": 0}})


def test_positional_arguments_are_misuse() -> None:
    """Every setting is named."""
    with pytest.raises(TypeError):
        Sample(1.0)


def test_a_whole_that_is_wrong_needs_no_place() -> None:
    """A problem of the whole is told without a field name."""
    with pytest.raises(ConfigurationError) as caught:
        Discordant()
    assert caught.value.problems == ("the parts do not fit",)
