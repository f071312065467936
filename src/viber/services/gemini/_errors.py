"""What Gemini answers when it does not do what was asked: who spoke and what happened, in one class each."""

from collections.abc import Sequence
from typing import Self, Unpack

from viber import errors
from viber.errors import Delivery, ErrorFields, GeminiError
from viber.services.gemini.tools._tool_call import ToolCall


class GeminiInvalidRequestError(GeminiError, errors.InvalidRequestError):
    """The request is wrong, or the project may not use this model from here."""

    code = "gemini.invalid_request"


class GeminiAuthenticationError(GeminiError, errors.AuthenticationError):
    """The key was not accepted."""

    code = "gemini.authentication"
    suggestion = "check GEMINI_API_KEY"


class GeminiPermissionDeniedError(GeminiError, errors.PermissionDeniedError):
    """The key is known and may not do this, or the API is not enabled for its project."""

    code = "gemini.permission_denied"


class GeminiNotFoundError(GeminiError, errors.NotFoundError):
    """No such model, file or other resource."""

    code = "gemini.not_found"


class GeminiConflictError(GeminiError, errors.ConflictError):
    """The state of the resource forbids it."""

    code = "gemini.conflict"


class GeminiRateLimitError(GeminiError, errors.RateLimitError):
    """A quota is used up; not `retryable` when it is one of the day, or when there is none at all."""

    code = "gemini.rate_limit"


class GeminiServerError(GeminiError, errors.ServerError):
    """Gemini failed, or is overloaded."""

    code = "gemini.server"


class PromptBlockedError(GeminiError, errors.InvalidRequestError):
    """The prompt was refused: `details` holds `block_reason` and `safety_ratings`."""

    code = "gemini.prompt_blocked"
    suggestion = "ask differently; where SAFETY is the reason, look at safety_settings"


class NoTextError(GeminiError, errors.InvalidRequestError):
    """The answer holds no text: `details` holds its `finish_reason` and token counts."""

    code = "gemini.no_text"


class AnswerBlockedError(GeminiError, errors.InvalidRequestError):
    """The answer was withheld: `details` holds `finish_reason`, `safety_ratings` and token counts."""

    code = "gemini.answer_blocked"


class AnswerCutError(GeminiError, errors.InvalidRequestError):
    """The answer ended before its end because it got too long: half an object is none."""

    code = "gemini.answer_cut"
    suggestion = "raise max_output_tokens: thinking counts too"


class NoObjectError(GeminiError, errors.InvalidRequestError):
    """The answer is not the object asked for, not even after it was sent back; `text` is the last one."""

    code = "gemini.no_object"

    def __init__(
        self,
        message: str = "",
        *,
        text: str = "",
        complaints: Sequence[str] = (),
        **fields: Unpack[ErrorFields],
    ) -> None:
        super().__init__(message, **fields)
        self.text: str = text
        self.complaints: tuple[str, ...] = tuple(complaints)
        """What is wrong with it, each with its place."""


class ToolRoundsError(GeminiError, errors.InvalidRequestError):
    """The model went on calling tools and never answered; `tool_calls` tells what it called."""

    code = "gemini.tool_rounds"
    suggestion = "raise max_tool_rounds, or look at what the tools told the model"

    def __init__(
        self, message: str = "", *, tool_calls: Sequence[ToolCall] = (), **fields: Unpack[ErrorFields]
    ) -> None:
        super().__init__(message, **fields)
        self.tool_calls: tuple[ToolCall, ...] = tuple(tool_calls)

    @classmethod
    def after(cls, rounds: int, tool_calls: Sequence[ToolCall]) -> Self:
        """The error of so many rounds."""
        return cls(f"the model called tools in more than {rounds} rounds", tool_calls=tool_calls)


class AccessTokenError(errors.AuthenticationError):
    """There is no access token to send, and nothing was sent; `__cause__` is why."""

    code = "gemini.access_token"
    service = "gemini"
    delivery = Delivery.NOT_SENT


class BudgetError(errors.RateLimitError):
    """A budget has no room for this call, and nothing was sent; `retry_after` says when it begins anew."""

    code = "gemini.budget"
    service = "gemini"
    delivery = Delivery.NOT_SENT
    retryable = False


def refusal(message: str, *, suggestion: str = "") -> errors.InvalidRequestError:
    """An error about a request that is wrong before it is sent."""
    return errors.InvalidRequestError(
        message, service="gemini", delivery=Delivery.NOT_SENT, suggestion=suggestion
    )


def too_often_continued(times: int) -> GeminiServerError:
    """The error of an answer that never ends."""
    return GeminiServerError(
        f"the answer asked to be continued more than {times} times",
        code="gemini.endless_answer",
        retryable=False,
    )
