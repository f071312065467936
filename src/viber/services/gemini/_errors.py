"""What Gemini answers when it does not do what was asked: who spoke and what happened, in one class each."""

from viber import errors
from viber.errors import Delivery, GeminiError


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


class NoTextError(GeminiError, errors.InvalidRequestError):
    """The answer holds no text: `details` holds its `finish_reason` and token counts."""

    code = "gemini.no_text"


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
