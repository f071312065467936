"""Bytes of a `bytea` column in a model."""

from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer


def _read(value: object) -> object:
    """The bytes of PostgreSQL's hex form; anything else is left to the type."""
    if not isinstance(value, str):
        return value
    if not value.startswith("\\x"):
        raise ValueError("not the hex form of bytea")
    return bytes.fromhex(value[2:])


def _written(value: bytes) -> str:
    return rf"\x{value.hex()}"


Bytea = Annotated[bytes, BeforeValidator(_read), PlainSerializer(_written, when_used="json")]
"""The type of a model's field for a `bytea` column, which JSON carries in hexadecimal digits.

A plain `bytes` is written right, too, but read as those digits.
"""
