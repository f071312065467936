"""Text in PostgREST's own words, where a caller wants to write them."""

import re
from dataclasses import dataclass

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._quoting import sound
from viber.services.supabase.filters._values import Notation

_blanks_between = re.compile(r'("(?:[^"\\]|\\.)*")|\s*([,():])\s*').sub


@dataclass(frozen=True, slots=True)
class Raw(Notation):
    """Text that is percent-encoded and goes out with every name as it is; made by `raw()`."""

    text: str

    def selected(self) -> str:
        """The text, as a part of `select`; without blanks around commas, colons and parentheses.

        PostgREST 12 takes a line break there for the end of the text, and gives all columns.
        """
        return _blanks_between(r"\1\2", self.text.strip())


def raw(text: str) -> Raw:
    """Text in PostgREST's own words, in `select()` or in a group of conditions; nothing in it is quoted.

    Never build it from data: what stands in it is read as a question, not as a value.

    Raises:
        InvalidRequestError: there is no text, or none that can be sent.

    Example:
        >>> raw("id,customers(name)").selected()
        'id,customers(name)'
    """
    if not sound(text).strip():
        raise refusal("raw() takes text in PostgREST's words, not an empty one")
    return Raw(text)
