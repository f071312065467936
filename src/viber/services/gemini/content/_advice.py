"""What a caller can do about an error, where its message does not say it."""

from collections.abc import Mapping
from typing import Any, Final

from viber.services.gemini.content._json import is_object
from viber.services.gemini.content._quota import details_of, has_no_quota, is_hopeless, reasons_of

_ELSEWHERE: Final = "ask another model: with_models(...)"
_LATER: Final = f"ask again later, or {_ELSEWHERE}"
_WORDS: Final = {
    "thought_signature": "send back what the model said as it came: answer.turns, or a chat",
    "token count": "shorten the prompt: count_tokens tells how long it is",
    "reported as leaked": "make a new key, and take the old one out of use",
    "is not found for API version": "models.list() tells what there is; v1 and v1beta differ",
    "not in an ACTIVE state": "wait for the file: files.wait_active(file)",
    "access the File": "a file is kept for two days, for the project that uploaded it: upload it again",
    "CachedContent": "a cache is kept for its ttl, for one model of one project: create it again",
}
"""By what stands in the message."""
_STATUSES: Final = {
    403: "look at what the key may do, and whether the file or model is its project's",
    413: "upload large data as a file, and refer to it",
    429: "ask less often: with GeminiConfig(limits=...) the calls of a model wait their turn",
    500: f"a very long prompt may be the cause; else {_LATER}",
    503: _LATER,
    504: f"shorten the prompt, or {_ELSEWHERE}",
}
_FOREIGN: Final = "is base_url that of a Gemini server? It takes no version and no path of a model"


def advice(error: Mapping[str, Any], status: int) -> str:
    """What to do about an error that Gemini describes; empty where nothing general can be said.

    Example:
        >>> advice({"message": "The model is overloaded."}, 503)
        'ask again later, or ask another model: with_models(...)'
    """
    text = str(error.get("message") or "")
    if found := next((told for words, told in _WORDS.items() if words in text), ""):
        return found
    if error.get("status") == "FAILED_PRECONDITION":
        return "use a region that Google serves, enable billing for the project, or use Vertex AI"
    if "SERVICE_DISABLED" in reasons_of(error):
        return f"enable the API for the project: {_activation(error)}".rstrip(": ")
    if status == 429 and is_hopeless(error):  # noqa: PLR2004 - too many requests
        return _of_quota(error)
    return _STATUSES.get(status, "")


def advice_on_stranger(status: int) -> str:
    """What to do about an answer that is not from Gemini.

    Example:
        >>> advice_on_stranger(413)
        'upload large data as a file, and refer to it'
    """
    if status >= 500 or status in (408, 429):  # noqa: PLR2004 - a gateway that is in trouble itself
        return ""
    return _STATUSES[status] if status == 413 else _FOREIGN  # noqa: PLR2004 - too large


def _of_quota(error: Mapping[str, Any]) -> str:
    if has_no_quota(error):
        return f"the project has no quota for this model: enable billing, or {_ELSEWHERE}"
    return f"the quota of the day is used up: come back after retry_after seconds, or {_ELSEWHERE}"


def _activation(error: Mapping[str, Any]) -> str:
    metadata = (info.get("metadata") for info in details_of(error, "ErrorInfo"))
    return next((str(found.get("activationUrl") or "") for found in metadata if is_object(found)), "")
