"""Every way past a redactor that is known, and none leads past this one."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections import OrderedDict
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretBytes, SecretStr

from viber.observability import Redactor

MARK = "[redacted]"
SECRET = "hunter2-geheim"
redact = Redactor()

SECRET_NAMES = (
    *("password", "passwd", "pwd", "pass", "passphrase", "db_pass", "pin", "cvv", "otp", "secret"),
    *("clientSecret", "client-secret", "anonKey", "anon_key", "serviceRoleKey", "service_role_key"),
    *("SUPABASE_SERVICE_ROLE_KEY", "apiKey", "api_key", "API-KEY", "x-api-key", "x-goog-api-key"),
    *("apikey", "apiKeys", "cookie", "set-cookie", "Set-Cookie", "session_id", "sessionId", "sessionid"),
    *("jwt", "credentials", "cardNumber", "card_number", "pan", "signature", "dsn", "database_url"),
    *("DATABASE_URL", "connectionString", "signing_key", "uploadUrl", "encryptionKey", "accessKey"),
    *("aws_access_key_id", "AWSAccessKeyId", "social_security_number", "ssn", "privKey", "private_key"),
    *("auth", "x-auth", "token", "accessToken", "refresh_token", "authorization", "Authorization"),
    "bearer",
)
PLAIN_NAMES = (
    *("className", "processName", "businessName", "secretary", "addressNumber", "accessNumber"),
    *("tokenizer", "author", "monkey", "keyboard", "compass", "passRate", "pinned", "company"),
    *("authority", "total", "status", "name", "user_id"),
)
COUNTING_NAMES = ("promptTokens", "totalTokens", "maxOutputTokens", "tokenCount", "token_limit", "tokens")


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_what_stands_under_a_secret_name_is_hidden(name: str) -> None:
    """However the name is written: camel, snake, kebab, in capitals, or as one word."""
    assert redact({name: SECRET}) == {name: MARK}


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_what_stands_under_a_harmless_name_is_shown(name: str) -> None:
    """A name that only contains the letters of a secret one is none."""
    assert redact({name: "plain"}) == {name: "plain"}


@pytest.mark.parametrize("name", COUNTING_NAMES)
def test_counts_of_tokens_are_numbers_and_no_secrets(name: str) -> None:
    """A number under such a name is shown, a text is not."""
    assert redact({name: 12}) == {name: 12}
    assert redact({name: SECRET}) == {name: MARK}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("p\u0430ssword", id="cyrillic-a"),
        pytest.param("\uff50assword", id="full-width"),
        pytest.param("pássword", id="accent"),
        pytest.param("api key", id="space"),
        pytest.param("api.key", id="dot"),
        pytest.param("apiKey[]", id="brackets"),
    ],
)
def test_a_disguised_name_is_seen_through(name: str) -> None:
    """Letters that look alike, accents, widths and other separators hide no name."""
    assert redact({name: SECRET}) == {name: MARK}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Colour(Enum):
    RED = "red"


class Account(BaseModel):
    model_config = ConfigDict(extra="allow")
    user: str
    anon_key: str
    sealed: SecretStr = SecretStr(SECRET)
    raw: SecretBytes = SecretBytes(SECRET.encode())


class Aliased(BaseModel):
    value: str = Field(alias="apiKey")


@dataclasses.dataclass
class Login:
    user: str
    password: str


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({b"password": SECRET}, id="bytes-key"),
        pytest.param({"a": {"b": [{"password": SECRET}]}}, id="nested"),
        pytest.param(OrderedDict[str, str](password=SECRET), id="mapping"),
        pytest.param(Account(user="ada", anon_key=SECRET), id="model"),
        pytest.param(Account(user="ada", anon_key=SECRET, api_key=SECRET), id="model-extra"),  # type: ignore[call-arg]
        pytest.param(Login("ada", SECRET), id="dataclass"),
        pytest.param([("authorization", f"Bearer {SECRET}")], id="header-pairs"),
        pytest.param([(b"Authorization", SECRET.encode())], id="header-pairs-in-bytes"),
        pytest.param([["x-api-key", SECRET]], id="header-lists"),
        pytest.param({"name": "Authorization", "value": SECRET}, id="header-object"),
        pytest.param({"password": [SECRET, {"x": SECRET}]}, id="list-under-a-secret-name"),
        pytest.param({"password": 12345678}, id="number-under-a-secret-name"),
        pytest.param(json.dumps({"password": SECRET}), id="json-in-a-string"),
        pytest.param({"body": json.dumps({"outer": json.dumps({"password": SECRET})})}, id="json-in-json"),
        pytest.param(json.dumps({"password": SECRET}).encode(), id="json-in-bytes"),
        pytest.param(
            base64.b64encode(json.dumps({"password": SECRET}).encode()).decode(), id="json-in-base64"
        ),
        pytest.param(f"https://x.test/v1?key={SECRET}&alt=sse", id="key-in-a-url"),
        pytest.param(f"https://x.test/?access_token={SECRET}", id="token-in-a-url"),
        pytest.param(f"postgres://me:{SECRET}@db/x", id="user-in-a-url"),
        pytest.param(ValueError(f"bad password={SECRET}"), id="exception"),
        pytest.param({"e": ConnectionError(f"Authorization: Bearer {SECRET}")}, id="exception-inside"),
        pytest.param({(1, 2): f"token: {SECRET}"}, id="odd-key"),
        pytest.param({f"password={SECRET}, and what is long enough": 1}, id="secret-in-a-key"),
        pytest.param({f"sb_secret_{SECRET}"}, id="set"),
        pytest.param("card 4111 1111 1111 1111", id="card"),
        pytest.param({"n": 4111111111111111}, id="card-as-a-number"),
        pytest.param("ssn 123-45-6789", id="social-security-number"),
        pytest.param(f"Cookie: a=1; session={SECRET}", id="cookie-line"),
        pytest.param(f"Basic {encoded(SECRET)}", id="basic"),
        pytest.param(f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----", id="pem"),
        pytest.param(f"{{'password': '{SECRET}'}}", id="repr-of-a-dict"),
        pytest.param(f'{{"a": "{{\\"password\\": \\"{SECRET}\\"}}"', id="escaped-json-cut-short"),
        pytest.param(f"('x-api-key', b'{SECRET}')", id="repr-of-a-pair"),
    ],
)
def test_no_way_leads_past(value: object) -> None:
    """The secret is nowhere in what is shown, and the place where it was is marked."""
    shown = json.dumps(redact(value))
    assert MARK in shown
    for secret in (SECRET, "12345678", "4111", "123-45", encoded(SECRET)):
        assert secret not in shown


def test_a_field_is_hidden_under_its_own_name_or_shown_by_its_shape() -> None:
    """A model is shown by the names of its fields; a text in it is looked at like any other."""
    assert redact(Aliased(apiKey="sb_secret_x")) == {"value": MARK}


def test_secrets_that_are_named_are_hidden_everywhere() -> None:
    """A key of no known shape is told by its value."""
    assert Redactor(secrets=["zebra"])({"a": ["a zebra", "x"], "zebra": 1})["a"] == [f"a {MARK}", "x"]


def test_names_of_ones_own_are_secret_too() -> None:
    """They are split into words like all others."""
    assert Redactor(names=["shoeSize", "nick"])({"shoe-size": 38, "nick": "x"}) == {
        "shoe-size": MARK,
        "nick": MARK,
    }


def test_what_json_cannot_say_is_said_as_text() -> None:
    """Enums by value, numbers that are not finite and everything else by their text."""
    assert redact({"c": Colour.RED, "n": float("nan"), "o": 1 + 2j, "t": (1, None, True)}) == {
        "c": "red",
        "n": "nan",
        "o": "(1+2j)",
        "t": [1, None, True],
    }


def test_a_cycle_is_told() -> None:
    """What contains itself is shown once."""
    value: dict[str, Any] = {"a": 1}
    value["self"] = value
    assert redact(value) == {"a": 1, "self": "[cycle]"}


def test_every_cut_is_visible() -> None:
    """Depth, items, values in all and characters are bounded, and each bound shows."""
    small = Redactor(max_depth=2, max_items=2, max_nodes=4, max_text=100)
    assert small({"a": {"b": {"c": 1}}}) == {"a": {"b": "[too deep]"}}
    assert small([1, 2, 3]) == [1, 2, "[cut]"]
    assert small({"a": 1, "b": 2, "c": 3}) == {"a": 1, "b": 2, "…": "[cut]"}
    assert small([[1, 2], [3, 4]]) == [[1, 2], ["[cut]"]]
    assert small("x" * 101) == "x" * 100 + "…"


def test_only_what_stands_behind_a_name_is_hidden() -> None:
    """The rest of a text stays as it was."""
    text = '{"name":"Authorization","value":"x1","total":3} password=x2, took 3 s'
    hidden = f'{{"name":"Authorization","value":"{MARK}","total":3}} password={MARK}, took 3 s'
    assert redact(text) == hidden


def test_a_budget_bounds_the_whole_walk() -> None:
    """A structure of a million values is not walked."""
    shown = Redactor(max_nodes=100)([[{"a": n} for n in range(100)] for _ in range(100)])
    assert sum(str(shown).count(sign) for sign in "{[") < 300


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError("no")


def test_redaction_never_raises() -> None:
    """An object that cannot be shown is named by its type."""
    assert redact({"a": Hostile()}) == "[unreadable dict]"
    assert redact(Hostile()) == "[unreadable Hostile]"


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(alphabet='pass:"=\\ {}[]1 eyJ.a')
        | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(SECRET_NAMES), inner),
        max_leaves=20,
    )
)
def test_redaction_of_structures_is_idempotent(value: object) -> None:
    """What has been redacted is JSON, and redacting it again changes nothing."""
    once = redact(value)
    json.dumps(once, allow_nan=False)
    assert redact(once) == once
