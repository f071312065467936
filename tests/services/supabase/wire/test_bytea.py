from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from viber.services.supabase import Bytea


class Blob(BaseModel):
    data: Bytea


def test_bytes_are_read_from_hexadecimal_digits() -> None:
    """As PostgREST writes them."""
    assert Blob.model_validate_json(r'{"data": "\\x00ff5c"}').data == b"\x00\xff\\"


def test_bytes_may_be_given_as_bytes() -> None:
    """In Python nothing is decoded, whatever they look like."""
    assert Blob(data=b"\\x41").data == b"\\x41"


def test_bytes_are_written_in_hexadecimal_digits() -> None:
    """In JSON alone."""
    assert Blob(data=b"\x00\\").model_dump(mode="json") == {"data": r"\x005c"}
    assert Blob(data=b"\x00").model_dump() == {"data": b"\x00"}


@pytest.mark.parametrize("text", ['"text"', r'"\\x0"', r'"\\xzz"', "5"])
def test_what_is_not_bytea_is_refused(text: str) -> None:
    """A text column is no bytes."""
    with pytest.raises(ValidationError):
        Blob.model_validate_json(f'{{"data": {text}}}')
