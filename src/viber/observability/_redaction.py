"""Secrets out of free text."""

import re
from collections.abc import Iterable

MARK = "[redacted]"

# Each pattern starts at the start of a word, so that a hostile text costs no more than its length.
_PATTERNS = (
    re.compile(r"(?<![\w-])eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"),  # a JWT
    re.compile(r"(?<![\w-])AIza[\w-]{30,}"),
    re.compile(r"(?<![\w-])(?:sb_secret_|sb_publishable_|sbp_|whsec_)[\w+/=-]+"),
    re.compile(r"(?i)(?<=\bbearer )[^\s\"',;]+"),
    re.compile(r"(?i)(?<=[?&]key=)[^\s&#\"']+"),
    re.compile(r"(?<=://)[^\s/@:]{0,256}:[^\s/@]{1,256}(?=@)"),  # user:password in a URL
)


def redact_text(text: str, *, secrets: Iterable[str] = (), limit: int | None = None) -> str:
    """The text with whatever looks like a key or token, and every one of `secrets`, replaced by a mark.

    At most `limit` characters are kept, and a cut is visible.

    Example:
        >>> redact_text("bad header: Bearer abc.def")
        'bad header: Bearer [redacted]'
    """
    # The longest first: one secret may be the beginning of another.
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MARK)
    for pattern in _PATTERNS:
        text = pattern.sub(MARK, text)
    if limit is not None and len(text) > limit:
        return text[:limit] + "…"
    return text
