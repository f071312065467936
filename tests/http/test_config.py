"""HttpConfig refuses what cannot work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from viber.errors import ConfigurationError
from viber.http import HttpConfig


@pytest.mark.parametrize(
    "fields",
    [
        {"max_connections": 0},
        {"connect_timeout": 0},
        {"connect_timeout": -1},
        {"idle_expiry": float("nan")},
        {"max_connection_age": float("inf")},
        {"max_response_bytes": 0},
        {"max_conections": 5},
        {"ca_file": "/does/not/exist.pem"},
        {"client_key": __file__},
        {"ca_file": __file__, "verify": False},
    ],
)
def test_what_cannot_work_is_refused(fields: dict[str, Any]) -> None:
    """Nothing negative, infinite, unknown, missing or contradictory is accepted."""
    with pytest.raises(ConfigurationError):
        HttpConfig(**fields)


def test_none_is_no_limit() -> None:
    """Every limit can be lifted, and has to be lifted by name."""
    limits = ("max_connections", "connect_timeout", "idle_expiry", "max_connection_age", "max_response_bytes")
    config = HttpConfig(**dict.fromkeys(limits))
    assert all(getattr(config, limit) is None for limit in limits)
    assert all(getattr(HttpConfig(), limit) is not None for limit in limits)


def test_every_field_says_what_it_does() -> None:
    """Each field has a description; the proxy, which may hold a password, stays out of the repr."""
    assert all(field.description for field in HttpConfig.model_fields.values())
    assert "password" not in repr(HttpConfig(proxy="http://u:password@p:1", ca_file=Path(__file__)))
