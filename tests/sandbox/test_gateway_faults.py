from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from viber.sandbox import Fault, FaultKind, Sandbox, SandboxError

pytestmark = pytest.mark.sandbox


@pytest.fixture
def rest(viber_sandbox: Sandbox) -> Iterator[httpx.Client]:
    url, headers = f"{viber_sandbox.supabase_url}/rest/v1", {"apikey": viber_sandbox.anon_key}
    with httpx.Client(base_url=url, headers=headers) as client:
        yield client
    viber_sandbox.supabase_faults.clear()


def count_rows(rest: httpx.Client, row_id: str) -> int:
    return len(rest.get(f"/ledger?id=eq.{row_id}").json())


def test_the_first_requests_of_a_key_fail(rest: httpx.Client) -> None:
    """A fault in the header strikes so many times per key, then the genuine answer comes."""
    headers = {"x-viber-fault": f"status=503; retry-after=2; times=2; key={uuid4()}"}
    answers = [rest.get("/products?limit=1", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "2"


def test_cut_after_commits_and_says_nothing(rest: httpx.Client) -> None:
    """The upstream acted, the client only knows that the connection is gone."""
    row_id = str(uuid4())
    with pytest.raises(httpx.RemoteProtocolError):
        rest.post("/ledger", json={"id": row_id, "n": 1}, headers={"x-viber-fault": "cut-after"})
    assert count_rows(rest, row_id) == 1


def test_cut_before_does_not_act(rest: httpx.Client) -> None:
    """The upstream never heard of the request."""
    row_id = str(uuid4())
    with pytest.raises(httpx.RemoteProtocolError):
        rest.post("/ledger", json={"id": row_id, "n": 1}, headers={"x-viber-fault": "cut-before"})
    assert count_rows(rest, row_id) == 0


def test_a_reset_is_a_reset(rest: httpx.Client) -> None:
    """With ``reset`` the client sees a reset connection instead of a closed one."""
    with pytest.raises(httpx.ReadError):
        rest.get("/products", headers={"x-viber-fault": "cut-after; reset"})


def test_a_truncated_answer_acted_and_broke_off(rest: httpx.Client) -> None:
    """Some bytes arrive, fewer than promised; the write has happened."""
    row_id = str(uuid4())
    headers = {"x-viber-fault": "truncate=10", "prefer": "return=representation"}
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without sending complete"):
        rest.post("/ledger", json={"id": row_id, "n": 1}, headers=headers)
    assert count_rows(rest, row_id) == 1


def test_a_gateway_may_answer_with_a_page(rest: httpx.Client) -> None:
    """HTML instead of JSON, with whatever status."""
    answer = rest.get("/products", headers={"x-viber-fault": "html=200"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_latency_delays_the_genuine_answer(rest: httpx.Client) -> None:
    """The answer is late and right."""
    answer = rest.get("/rpc/add?a=2&b=2", headers={"x-viber-fault": "latency=0.2"})
    assert answer.json() == 4
    assert answer.elapsed.total_seconds() >= 0.2


def test_a_hang_ends_with_the_client(rest: httpx.Client) -> None:
    """Nothing is answered until the client gives up."""
    with pytest.raises(httpx.ReadTimeout):
        rest.get("/products", headers={"x-viber-fault": "hang"}, timeout=0.2)


def test_the_book_is_kept_from_outside(rest: httpx.Client, viber_sandbox: Sandbox) -> None:
    """A fault is added by value, strikes where it is meant to, is counted, and is taken back."""
    faults = viber_sandbox.supabase_faults
    fault = Fault(
        kind=FaultKind.STATUS, status=500, code="57014", path="/rest/v1/orders", method="GET", times=1
    )
    fault_id = faults.add(fault)
    assert rest.get("/products?limit=1").status_code == 200
    assert [rest.get("/orders?limit=1").status_code for _ in range(2)] == [500, 200]
    assert [(entry.id, entry.fault, entry.inflicted) for entry in faults.list()] == [(fault_id, fault, 1)]
    faults.remove(fault_id)
    assert faults.list() == ()


def test_a_fault_may_be_added_as_text(rest: httpx.Client, viber_sandbox: Sandbox) -> None:
    """The text of the header is understood here as well."""
    viber_sandbox.supabase_faults.add("html; path=/rest/v1/orders")
    assert rest.get("/orders").status_code == 502
    viber_sandbox.supabase_faults.clear()
    assert rest.get("/orders?limit=1").status_code == 200


def test_an_unknown_fault_id_is_an_error(viber_sandbox: Sandbox) -> None:
    """Taking back what is not there is told, not ignored."""
    with pytest.raises(SandboxError, match="no fault f999"):
        viber_sandbox.supabase_faults.remove("f999")


def test_a_fault_that_cannot_be_read_says_why(rest: httpx.Client) -> None:
    """A typo in the header is a 400, never a fault that does nothing."""
    answer = rest.get("/products", headers={"x-viber-fault": "stattus=503"})
    assert answer.status_code == 400
    assert "stattus" in answer.json()["message"]


def test_the_two_books_are_apart(viber_sandbox: Sandbox, rest: httpx.Client) -> None:
    """A fault of Gemini does not strike Supabase."""
    viber_sandbox.gemini_faults.add("status=500")
    try:
        assert rest.get("/products?limit=1").status_code == 200
    finally:
        viber_sandbox.gemini_faults.clear()
