from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viber.observability import redact_text
from viber.observability._secret_text import may_hold_secret, without_secrets
from viber.observability._sensitive_names import SensitiveNames

MARK = "[redacted]"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl-_x"
GOOGLE = "AIza" + "SyA-1234567890_abcdefghijklmnopqrstu"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        pytest.param(f"token {JWT}, sorry", f"token {MARK}, sorry", id="jwt"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.", MARK, id="jwt-unsigned"),
        pytest.param(f"API key {GOOGLE} not valid", f"API key {MARK} not valid", id="google-key"),
        pytest.param("sb_secret_abc-DEF_123", MARK, id="supabase-secret"),
        pytest.param("sb_publishable_abc", MARK, id="supabase-publishable"),
        pytest.param("sbp_0123456789abcdef", MARK, id="supabase-personal"),
        pytest.param("whsec_AbC+/=", MARK, id="webhook-secret"),
        pytest.param("Authorization: Bearer abc.def", f"Authorization: {MARK}", id="header"),
        pytest.param("sent Bearer abc", f"sent Bearer {MARK}", id="bearer"),
        pytest.param('{"a":"bearer abc"}', f'{{"a":"bearer {MARK}"}}', id="bearer-in-json"),
        pytest.param("/v1?alt=sse&key=abc#top", f"/v1?alt=sse&key={MARK}#top", id="key-in-a-url"),
        pytest.param("postgres://me:pa55@db:5432/x", f"postgres://{MARK}@db:5432/x", id="dsn"),
        pytest.param("redis://:pa55@cache/0", f"redis://{MARK}@cache/0", id="dsn-without-user"),
        pytest.param("card 4111 1111 1111 1111 of ada", f"card {MARK} of ada", id="card-before-a-word"),
        pytest.param("4111-1111-1111-1111 123", f"{MARK} 123", id="card-before-its-check-value"),
        pytest.param("4111111111111111, 1", f"{MARK}, 1", id="card-before-a-comma"),
    ],
)
def test_what_looks_like_a_secret_is_replaced(text: str, redacted: str) -> None:
    """Keys, tokens and passwords are known by their shape; what stands around them stays."""
    assert redact_text(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "no rows found",
        "duplicate key value violates unique constraint",
        "https://project.supabase.co:443/rest/v1/orders?select=id",
        "monkey=banana&donkey=1",
        "AIza is short",
        "keyJohn.Smith.eyJ",
        "12:30 at user@example.org",
    ],
)
def test_what_does_not_look_like_one_stays(text: str) -> None:
    """Ordinary words are not marked."""
    assert redact_text(text) == text


def test_known_secrets_are_replaced_wherever_they_stand() -> None:
    """A key of no known shape is found by its value."""
    assert redact_text("x=hunter2&y=hunter2", secrets=["hunter2", ""]) == f"x={MARK}&y={MARK}"


def test_a_secret_that_begins_like_another_hides_both() -> None:
    """The longest goes first, so that nothing of it is left over."""
    assert redact_text("abcdef abc", secrets=["abc", "abcdef"]) == f"{MARK} {MARK}"


def test_a_cut_is_visible() -> None:
    """No more than `limit` characters are kept, and the reader sees that there were more."""
    assert (redact_text("x" * 11, limit=10), redact_text("x" * 10, limit=10)) == ("x" * 10 + "…", "x" * 10)


def test_a_secret_at_the_cut_does_not_show_its_beginning() -> None:
    """Secrets are taken out before the text is cut."""
    assert "eyJ" not in redact_text(f"12345 {JWT}", limit=20)


@given(
    part=st.text(alphabet="eyJ.-_AIza1 :/@?&=key Bbearer \"'\n", min_size=1, max_size=60),
    secret=st.booleans(),
)
def test_a_long_text_is_cut_as_if_all_of_it_had_been_read(part: str, secret: bool) -> None:  # noqa: FBT001
    """Only its beginning is, unless that was mostly secrets; where it ends no half of one is shown."""
    text = part * (6000 // len(part))
    secrets = [part[::2]] if secret else []
    whole = redact_text(text, secrets=secrets)
    assert redact_text(text, secrets=secrets, limit=100) == (
        whole if len(whole) <= 100 else whole[:100] + "…"
    )


@given(st.text(alphabet="eyJ.-_AIza:/@?&=key Bbearer sb_secret_\n"))
def test_redaction_is_idempotent(text: str) -> None:
    """Redacting what is redacted changes nothing."""
    once = redact_text(text)
    assert redact_text(once) == once


PIECES = (
    *("Bearer ", "bEARER ", "basic ", "eyJ", "AIza", "AKIA", "sk-", "cookie", "authorization", "key"),
    *(".", "a1", "abcdefgh", " ", "4111", "12-3", "-", "=", ":", ",", "'", '"', "_", "//@", "é"),
)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_a_quick_look_lets_no_secret_pass(text: str) -> None:
    """A text that seems to hold none is not looked at again: so it must be right about those."""
    if not may_hold_secret(text):
        assert without_secrets(text, SensitiveNames()) == text


@given(before=st.text(), after=st.text(), secret=st.sampled_from([JWT, GOOGLE, "sb_secret_abcdef"]))
def test_a_secret_between_words_never_shows(before: str, after: str, secret: str) -> None:
    """Whatever stands before and after."""
    assert secret not in redact_text(f"{before} {secret} {after}")


@pytest.mark.parametrize(
    "part",
    ["eyJ", "eyJ.", "eyJa.", "AIza", "sb_secret_", "bearer ", "?key=", "://", "://a:", "a:b@", "://a:b", "-"],
)
def test_hostile_text_costs_no_more_than_its_length(part: str) -> None:
    """A megabyte of half-secrets is read in linear time."""
    started = time.process_time()
    redact_text(part * (1_000_000 // len(part)))
    assert time.process_time() - started < 2.0
