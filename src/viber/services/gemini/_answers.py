"""The answer side: bodies that Gemini sent to values, or to the error that they mean."""

from typing import Any

from viber.errors import BaseError, ServerError
from viber.http import Response
from viber.services.gemini._errors import NoTextError
from viber.services.gemini._failures import Failures, error_in
from viber.services.gemini._json import Json, is_object, parsed
from viber.services.gemini._models import GenerateContentResponse
from viber.services.gemini._token import Token, candidates_of, text_of

_OK = 200
_LONGER = "raise max_output_tokens: thinking counts too"
_OTHERWISE = "read the whole answer with generate_content"


def token_of(value: Any, failures: Failures) -> Token:
    """What one JSON value of a generation says, whether it is all of the answer or an event of a stream.

    Raises:
        BaseError: it is an error, says that the prompt was blocked, or is not what Gemini answers.
    """
    if not is_object(value) or "error" in value:
        error = error_in(value)
        raise malformed(str(value), failures) if error is None else failures.of_error(error)
    try:
        text = text_of(value)
    except (AttributeError, TypeError):
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
        raise failures.of_answer(response.status, response.headers, response.body)
    return token


def read_count(response: Response, failures: Failures) -> int:
    """A number of tokens.

    Raises:
        BaseError: it is an error, or nothing that Gemini answers.
    """
    total = read_object(response, failures).get("totalTokens")
    if not isinstance(total, int):
        raise failures.of_answer(response.status, response.headers, response.body)
    return total


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
        f"the answer holds no text (finish reason {reason})",
        details={"finish_reason": reason, "usage": answer.usage.to_wire()},
        suggestion=_LONGER if reason == "MAX_TOKENS" else _OTHERWISE,
    )


def read_object(response: Response, failures: Failures) -> Json:
    """A JSON object that is no error.

    Raises:
        BaseError: it is an error, or nothing that Gemini answers.
    """
    value = parsed(response.body) if response.status == _OK else None
    if not is_object(value) or error_in(value) is not None:
        raise failures.of_answer(response.status, response.headers, response.body)
    return value
