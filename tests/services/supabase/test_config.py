from __future__ import annotations

import pickle
from typing import Any

import pytest

from viber.errors import ConfigurationError
from viber.services.supabase import SupabaseConfig
from viber.services.supabase._config import fault_of_key

GOOD = {"url": "https://project.example", "anon_key": "anon-key"}


@pytest.mark.parametrize(
    "url",
    [
        "https://project.example",
        "https://project.example/",
        "https://project.example//",
        "https://project.example/rest/v1",
        "https://project.example/rest/v1/",
    ],
)
def test_a_trailing_path_does_no_harm(url: str) -> None:
    """The base URL is the same with and without slash and API path."""
    assert SupabaseConfig(**{**GOOD, "url": url}).url == "https://project.example"


def test_a_path_in_front_is_kept() -> None:
    """A project may live below a path, and on a port."""
    assert SupabaseConfig(**{**GOOD, "url": "http://127.0.0.1:8000/db/"}).url == "http://127.0.0.1:8000/db"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "project.example",
        "ftp://project.example",
        "https://",
        "https://u:pw@project.example",
        "https://project.example?x=1",
        "https://project.example#x",
        "https://project.example/a b",
        "https://pröject.example",
    ],
)
def test_a_wrong_url_names_the_variable(url: str) -> None:
    """The problem says where to look, and does not repeat what it found."""
    with pytest.raises(ConfigurationError, match="SUPABASE_URL") as caught:
        SupabaseConfig(**{**GOOD, "url": url})
    assert not url or url not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "variable"),
    [("anon_key", "SUPABASE_ANON_KEY"), ("service_role_key", "SUPABASE_SERVICE_ROLE_KEY")],
)
@pytest.mark.parametrize(
    "key", ["", "tell nobody", "tell\r\nnobody", "tell\tnobody", "tellñobody", "tell\x7f"]
)
def test_a_key_that_no_header_can_carry_names_the_variable(field: str, variable: str, key: str) -> None:
    """Empty, or with blanks, line ends and the like in it: refused, and not shown."""
    with pytest.raises(ConfigurationError, match=variable) as caught:
        SupabaseConfig(**{**GOOD, field: key})
    assert "tell" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_rows": 0},
        {"timeout": 0},
        {"tiemout": 1},
        {"db_schema": ""},
        {"max_url_length": 10},
        {"decode_at_once": 0},
    ],
)
def test_a_wrong_or_unknown_setting_is_refused(wrong: dict[str, Any]) -> None:
    """The problem begins with the name of the field."""
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        SupabaseConfig(**GOOD, **wrong)


def test_every_problem_is_told_at_once() -> None:
    """One error lists all of them."""
    with pytest.raises(ConfigurationError) as caught:
        SupabaseConfig(url="x", anon_key="")
    assert len(caught.value.problems) == 2


def test_a_config_shows_no_key() -> None:
    """Neither repr nor str holds one."""
    config = SupabaseConfig(**GOOD, service_role_key="service-key")
    assert "anon-key" not in f"{config!r} {config}"
    assert "service-key" not in f"{config!r} {config}"


def test_a_config_is_a_value() -> None:
    """Equal ones are equal, can be keys, and cross process borders."""
    config = SupabaseConfig(**GOOD)
    assert len({config, SupabaseConfig(**GOOD), pickle.loads(pickle.dumps(config))}) == 1


def test_a_key_without_fault_has_none() -> None:
    """A JWT and both new kinds of key."""
    for key in ("eyJhbGciOi.eyJyb2xl.c2ln", "sb_publishable_x-1", "sb_secret_y_2"):
        assert fault_of_key(key) == ""
