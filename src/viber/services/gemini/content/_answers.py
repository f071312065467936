"""The answer side: bodies that Gemini sent to values, or to the error that they mean."""

from typing import Any

from viber.errors import BaseError, Delivery, ServerError
from viber.http import Response
from viber.services.gemini._errors import AnswerBlockedError, AnswerCutError, NoTextError
from viber.services.gemini.content._failures import Failures, error_in
from viber.services.gemini.content._json import Json, is_object, parsed
from viber.services.gemini.content._models import GenerateContentResponse
from viber.services.gemini.content._token import Token, candidates_of, text_of

_OK = 200
_LONGER = "raise max_output_tokens: thinking counts too"
_OTHERWISE = "read the whole answer with generate_content"
_ASK_DIFFERENTLY = "ask again or differently; where SAFETY is the reason, look at safety_settings"
_WITHHELD = frozenset(
    {
        "BLOCKLIST",
        "ESCALATION",
        "IMAGE_OTHER",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "IMAGE_SAFETY",
        "LANGUAGE",
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
        "MODEL_ARMOR",
        "NO_IMAGE",
        "OTHER",
        "PROHIBITED_CONTENT",
        "PUP_LIMITED_DISABLED",
        "RECITATION",
        "SAFETY",
        "SPII",
        "TOO_MANY_TOOL_CALLS",
        "UNEXPECTED_TOOL_CALL",
    }
)
"""Reasons with which an answer is not what the model would have said; unknown ones are not among them."""


def token_of(value: Any, failures: Failures) -> Token:
    """What one JSON value of a generation says, whether it is all of the answer or an event of a stream.

    Raises:
        BaseError: it is an error, says that the prompt was blocked, or is not what Gemini answers.
    """
    if not is_object(value) or value.get("error") is not None:
        error = error_in(value)
        raise malformed(str(value), failures) if error is None else failures.of_error(error)
    try:
        text = text_of(value)
    except (AttributeError, OverflowError, TypeError, ValueError):
        raise malformed(str(value), failures) from None
    feedback = value.get("promptFeedback")
    if feedback and is_object(feedback) and feedback.get("blockReason") and not candidates_of(value):
        raise failures.blocked(feedback, value.get("usageMetadata"))
    return Token(text, value)


def malformed(text: str, failures: Failures) -> BaseError:
    """The error of JSON that is not an answer."""
    return ServerError(
        "the answer is not what Gemini answers",
        service="gemini",
        retryable=False,
        details={"answer": failures.shown(text[:2000])},
    )


def read_generation(response: Response, failures: Failures) -> Token:
    """A whole answer.

    Raises:
        BaseError: it is an error, or nothing that Gemini answers.
    """
    token = token_of(read_object(response, failures), failures)
    if not candidates_of(token.chunk):
        raise ServerError(
            "the answer holds no candidates, and not why",
            code="gemini.no_candidates",
            delivery=Delivery.UNKNOWN,
            service="gemini",
            status=_OK,
            suggestion="ask again later; if it stays so, ask something else",
            details={"answer": failures.shown(str(token.chunk)[:2000])},
        )
    return token


def read_any(response: Response, failures: Failures) -> None:
    """Anything that Gemini says when it is well.

    Raises:
        BaseError: it is an error, or nothing that Gemini answers.
    """
    read_object(response, failures)


def text_or_error(answer: GenerateContentResponse) -> str:
    """The text of an answer.

    Raises:
        NoTextError: there is none.
    """
    if text := answer.text:
        return text
    reason = answer.finish_reason
    raise NoTextError(
        f"the answer holds no text (finish reason {reason}){_told(answer)}",
        details=_details(answer),
        suggestion=_LONGER if reason == "MAX_TOKENS" else _withheld_or(_OTHERWISE, reason),
    )


def complete_or_error(answer: GenerateContentResponse) -> None:
    """See to it that an answer came to its own end.

    Raises:
        AnswerCutError: it got too long.
        AnswerBlockedError: it was withheld, or ended for another reason.
    """
    reason = answer.finish_reason
    if reason == "MAX_TOKENS":
        raise AnswerCutError("the answer was cut: it got too long", details=_details(answer))
    if reason not in (None, "STOP"):
        raise _blocked(answer)


def is_withheld(answer: GenerateContentResponse) -> bool:
    """It is not what the model would have said: nothing in it is to be acted upon."""
    return answer.finish_reason in _WITHHELD


def usable_or_error(answer: GenerateContentResponse) -> None:
    """See to it that a conversation can go on after an answer, which may be cut short.

    Raises:
        AnswerBlockedError: it was withheld.
        NoTextError: it holds nothing at all.
    """
    if is_withheld(answer):
        raise _blocked(answer)
    if not answer.turns:
        raise NoTextError("the answer holds nothing", details=_details(answer), suggestion=_OTHERWISE)


def _blocked(answer: GenerateContentResponse) -> AnswerBlockedError:
    return AnswerBlockedError(
        f"the answer was withheld (finish reason {answer.finish_reason}){_told(answer)}",
        details=_details(answer),
        suggestion=_withheld_or("", answer.finish_reason),
    )


def _told(answer: GenerateContentResponse) -> str:
    message = answer.candidates[0].finish_message if answer.candidates else None
    return f": {message}" if message else ""


def _withheld_or(otherwise: str, reason: str | None) -> str:
    return _ASK_DIFFERENTLY if reason in _WITHHELD else otherwise


def _details(answer: GenerateContentResponse) -> Json:
    ratings = answer.candidates[0].safety_ratings if answer.candidates else ()
    return {
        "finish_reason": answer.finish_reason,
        "safety_ratings": [rating.to_wire() for rating in ratings],
        "usage": answer.usage.to_wire(),
    }


def read_object(response: Response, failures: Failures) -> Json:
    """A JSON object that is no error.

    Raises:
        BaseError: it is an error, or nothing that Gemini answers.
    """
    value = parsed(response.body) if response.status == _OK else None
    if not is_object(value) or error_in(value) is not None:
        raise failures.of_answer(response.status, response.headers, response.body)
    return value
