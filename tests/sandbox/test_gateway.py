from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

ALICE = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def rest(viber_sandbox: Sandbox) -> Iterator[httpx.Client]:
    url, headers = f"{viber_sandbox.supabase_url}/rest/v1", {"apikey": viber_sandbox.anon_key}
    with httpx.Client(base_url=url, headers=headers) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_request_without_a_key_is_refused(viber_sandbox: Sandbox) -> None:
    """The header ``apikey`` is demanded before anything else."""
    answer = httpx.get(f"{viber_sandbox.supabase_url}/rest/v1/products")
    assert answer.status_code == 401
    assert answer.json()["message"] == "No API key found in request"


def test_a_foreign_key_is_refused(viber_sandbox: Sandbox) -> None:
    """Only the keys of this project open it, not even a valid token of a user."""
    for key in ("wrong", viber_sandbox.user_key(ALICE)):
        answer = httpx.get(f"{viber_sandbox.supabase_url}/rest/v1/products", headers={"apikey": key})
        assert (answer.status_code, answer.json()["message"]) == (401, "Invalid API key")


def test_the_key_stands_in_for_a_missing_token(rest: httpx.Client, viber_sandbox: Sandbox) -> None:
    """Without ``Authorization`` the key decides the role."""
    assert rest.get("/rpc/whoami").json()["role"] == "anon"
    service = rest.get("/rpc/whoami", headers={"apikey": viber_sandbox.service_role_key})
    assert service.json()["role"] == "service_role"


def test_a_user_token_decides_role_and_subject(rest: httpx.Client, viber_sandbox: Sandbox) -> None:
    """``Authorization`` goes before the key."""
    answer = rest.get("/rpc/whoami", headers=bearer(viber_sandbox.user_key(ALICE)))
    assert answer.json() == {"role": "authenticated", "sub": ALICE}


def test_an_expired_token_is_refused_by_postgrest(rest: httpx.Client, viber_sandbox: Sandbox) -> None:
    """A negative lifetime beyond the forgiven 30 seconds gives a token that is really expired."""
    answer = rest.get("/notes", headers=bearer(viber_sandbox.user_key(ALICE, expires_in=-60)))
    assert (answer.status_code, answer.json()["message"]) == (401, "JWT expired")


def test_row_level_security_follows_the_role(rest: httpx.Client, viber_sandbox: Sandbox) -> None:
    """A stranger sees public notes, an owner also the own ones, the service role everything."""
    service = {"apikey": viber_sandbox.service_role_key}
    owner = bearer(viber_sandbox.user_key(ALICE))
    seen = [len(rest.get("/notes?select=id", headers=headers).json()) for headers in ({}, owner, service)]
    assert seen == [4, 12, 20]


def test_a_stranger_cannot_write_a_note(rest: httpx.Client) -> None:
    """Grants are real: 42501 comes from PostgreSQL."""
    answer = rest.post("/notes", json={"body": "hello", "owner": ALICE})
    assert (answer.status_code, answer.json()["code"]) == (401, "42501")


def test_at_most_a_thousand_rows_come_at_once(rest: httpx.Client) -> None:
    """The row cap cuts in silence; only a count shows it."""
    answer = rest.get("/readings?select=id&limit=5000", headers={"prefer": "count=exact"})
    assert len(answer.json()) == 1000
    assert answer.headers["content-range"] == "0-999/10000"


def test_an_anonymous_statement_ends_after_three_seconds(rest: httpx.Client) -> None:
    """The statement timeout of the role anon answers 57014 with status 500."""
    answer = rest.post("/rpc/slow", json={"seconds": 20}, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (500, "57014")
    assert 2.5 < answer.elapsed.total_seconds() < 6


def test_a_query_reaches_postgrest_byte_for_byte(rest: httpx.Client) -> None:
    """Encoded quotes, commas and parentheses keep their meaning, encoded and bare ones alike."""
    names = [
        rest.get(f"/odd%20names?select=id&{query}").json()
        for query in ("%22a.b%22=eq.x.y", '"select"=in.(%22in.(1%2C2)%22)', "%22order%2C%20(by)%22=eq.a%2Cb")
    ]
    assert names == [[{"id": 3}], [{"id": 3}], [{"id": 2}]]


def test_a_body_and_its_answer_pass_unchanged(rest: httpx.Client) -> None:
    """What is sent comes back the same, in size too large for one chunk."""
    sent = {"text": "äöü\u2028" * 100_000, "n": 12345678901234567}
    answer = rest.post("/rpc/echo", json=sent)
    assert json.loads(answer.content) == sent


def test_head_has_headers_and_no_body(rest: httpx.Client) -> None:
    """HEAD answers with the count and nothing else."""
    answer = rest.head("/readings", headers={"prefer": "count=exact"})
    assert answer.content == b""
    assert answer.headers["content-range"].endswith("/10000")


def test_a_bare_insert_answers_with_nothing(rest: httpx.Client) -> None:
    """201 with an empty body stays empty, and nobody invents a content type for it."""
    answer = rest.post("/ledger", json={"n": 1})
    assert (answer.status_code, answer.content) == (201, b"")
    assert "content-type" not in answer.headers


def test_every_answer_carries_a_request_id(rest: httpx.Client, viber_sandbox: Sandbox) -> None:
    """Answers of PostgREST, of the gateway and of no route at all can be told apart by id."""
    paths = ("/rest/v1/products?limit=1", "/rest/v1/nowhere", "/elsewhere")
    answers = [rest.get(f"{viber_sandbox.supabase_url}{path}") for path in paths]
    assert [answer.status_code for answer in answers] == [200, 404, 404]
    assert len({UUID(answer.headers["sb-request-id"]) for answer in answers}) == 3


def test_a_transaction_can_be_rolled_back(rest: httpx.Client) -> None:
    """``Prefer: tx=rollback`` is honoured."""
    row = {"id": "00000000-0000-4000-8000-00000000abcd", "n": 1}
    answer = rest.post("/ledger", json=row, headers={"prefer": "tx=rollback,return=representation"})
    assert answer.status_code == 201
    assert rest.get(f"/ledger?id=eq.{row['id']}").json() == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/customers?select=full_label&id=eq.1", [{"full_label": "Boris 1 <customer1@example.com>"}]),
        ("/orders?select=status,n:id.count()&order=status&limit=1", [{"status": "open", "n": 50}]),
        ("/products?select=id&search=fts(english).chairs&order=id&limit=1", [{"id": 5}]),
        ("/products?select=id&tags=cs.{%22quote%20%5C%22mark%5C%22%22}&order=id&limit=1", [{"id": 1}]),
        ("/orders?select=id&delivery=ov.[2026-03-04,2026-03-04]&order=id", [{"id": 1}, {"id": 2}]),
        (
            "/orders?select=id,customers(name),products(sku)&id=eq.1&products.order=id",
            [
                {
                    "id": 1,
                    "customers": {"name": "Chloé 2"},
                    "products": [{"sku": "SKU-0001"}, {"sku": "SKU-0019"}, {"sku": "SKU-0030"}],
                }
            ],
        ),
        ("/rpc/customer_orders?customer_id=2&select=id&limit=2", [{"id": 1}, {"id": 51}]),
        ("/users?select=id&deleted_at=not.is.null&order=id", [{"id": 10}, {"id": 20}, {"id": 30}]),
        ("/rpc/add?a=1&b=2", 3),
    ],
)
def test_the_schema_has_what_a_project_has(rest: httpx.Client, path: str, expected: object) -> None:
    """Computed columns, aggregates, search, arrays, ranges, relations and functions answer."""
    assert rest.get(path).json() == expected


def test_a_number_keeps_its_digits(rest: httpx.Client) -> None:
    """One total has more digits than a float holds, and every other one its trailing zero."""
    digits = rest.get("/orders?select=total&id=in.(1,200)&order=id").text
    assert "12.340}" in digits
    assert "12345678901234567890.123456789}" in digits


def test_a_function_can_fail_on_purpose(rest: httpx.Client) -> None:
    """``raise exception`` is P0001 with the caller's message."""
    answer = rest.post("/rpc/fail", json={"message": "no"})
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (400, "P0001", "no")


def test_a_void_function_answers_204(rest: httpx.Client) -> None:
    """A function without a result has no body."""
    assert rest.post("/rpc/nothing").status_code == 204


def test_a_writing_function_is_not_for_get(rest: httpx.Client) -> None:
    """A write by GET is refused by the read-only transaction."""
    assert rest.get("/rpc/record_entry?n=1").status_code == 405
    assert rest.post("/rpc/record_entry", json={"n": 77, "amount": 1.5}).json()["n"] == 77


def test_the_plan_is_shown(rest: httpx.Client) -> None:
    """Query plans are enabled."""
    answer = rest.get("/readings?id=eq.1", headers={"accept": "application/vnd.pgrst.plan+json"})
    assert "Plan" in answer.json()[0]
