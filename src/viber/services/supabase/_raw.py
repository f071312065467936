"""Text in PostgREST's own words, where a caller wants to write them."""

from dataclasses import dataclass

from viber.services.supabase._errors import refusal
from viber.services.supabase._quoting import sound


@dataclass(frozen=True, slots=True)
class Raw:
    """Text that is percent-encoded and otherwise goes out as it is; made by `raw()`."""

    text: str

    def selected(self) -> str:
        """The text, as a part of `select`."""
        return self.text


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
