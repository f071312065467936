"""Text that is searched for as it stands, inside a pattern or a regular expression."""

import re

from viber.services.supabase._errors import refusal

_special_in_like = re.compile(r"[\\%_]")
_special_in_expressions = re.compile(r"[!-/:-@\[-^`{-~]")


def like_escape(text: str) -> str:
    r"""The text as a part of a pattern for `like()` or `ilike()`, in which nothing is a wildcard.

    Raises:
        InvalidRequestError: it holds a `*`, which PostgREST takes for a wildcard however it is written.

    Example:
        >>> f"{like_escape('100%')}*"
        '100\\%*'
    """
    if "*" in text:
        raise refusal("no pattern finds a literal '*'", suggestion="use match() with regex_escape()")
    return _special_in_like.sub(r"\\\g<0>", text)


def regex_escape(text: str) -> str:
    r"""The text as a part of a regular expression for `match()` or `imatch()`, which matches just that text.

    Example:
        >>> f"^{regex_escape('2*(3+4)')}"
        '^2\\*\\(3\\+4\\)'
    """
    return _special_in_expressions.sub(r"\\\g<0>", text)
