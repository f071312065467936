import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from aiohttp import web

from viber.sandbox._fault_routes import add_fault_routes
from viber.sandbox._faults import Fault, FaultBook, FaultKind
from viber.sandbox._inflict import cut, inflict, postgrest_error, reason_phrase, take_fault

Serve = Callable[[web.Application], Awaitable[str]]

GENUINE = b'[{"id": 1}, {"id": 2}]'


class Service:
    """A server whose only route counts how often it acted."""

    def __init__(self) -> None:
        self.book = FaultBook()
        self.acted = 0
        self.arrived = asyncio.Event()
        self.left = asyncio.Event()
        self.app = web.Application()
        add_fault_routes(self.app, self.book)
        self.app.router.add_route("*", "/rows", self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.arrived.set()
        fault = take_fault(self.book, request)
        if fault is None:
            return await self.act()
        answer = await inflict(fault, request, self.act, error_body=postgrest_error)
        self.left.set()
        return answer

    async def act(self) -> web.Response:
        self.acted += 1
        return web.Response(body=GENUINE, content_type="application/json")


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def client(service: Service, serve: Serve) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=await serve(service.app), trust_env=False) as http:
        yield http


def asking(fault: str) -> dict[str, str]:
    return {"x-viber-fault": fault}


class TestKinds:
    async def test_status_with_retry_after(self, client: httpx.AsyncClient, service: Service) -> None:
        """A status fault answers that status and Retry-After, and the upstream does not act."""
        answer = await client.get("/rows", headers=asking("status=429; retry-after=2"))
        assert (answer.status_code, answer.headers["retry-after"], service.acted) == (429, "2", 0)
        assert answer.json() == {"message": "Too Many Requests"}

    async def test_status_with_a_code_speaks_postgrest(self, client: httpx.AsyncClient) -> None:
        """With a code the body has PostgREST's four fields."""
        answer = await client.get("/rows", headers=asking("status=500; code=57014; message=too slow"))
        assert answer.json() == {"code": "57014", "details": None, "hint": None, "message": "too slow"}

    async def test_status_with_a_body_of_its_own(self, client: httpx.AsyncClient) -> None:
        """A body that is given is sent as it is."""
        answer = await client.get("/rows", headers=asking('status=400; body={"own": true}'))
        assert answer.json() == {"own": True}

    async def test_latency_then_the_genuine_answer(self, client: httpx.AsyncClient, service: Service) -> None:
        """Latency delays the answer and changes nothing else."""
        started = asyncio.get_running_loop().time()
        answer = await client.get("/rows", headers=asking("latency=0.05"))
        assert asyncio.get_running_loop().time() - started >= 0.05
        assert (answer.content, service.acted) == (GENUINE, 1)

    async def test_latency_for_a_client_that_left_does_nothing(
        self, client: httpx.AsyncClient, service: Service
    ) -> None:
        """A client that gives up during the pause is not served."""
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/rows", headers=asking("latency=3600"), timeout=0.05)
        await service.left.wait()
        assert service.acted == 0

    async def test_hang_never_answers(self, client: httpx.AsyncClient, service: Service) -> None:
        """A hang accepts the request and stays silent until the client leaves."""
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/rows", headers=asking("hang"), json={}, timeout=0.05)
        await service.left.wait()
        assert service.acted == 0

    @pytest.mark.parametrize(("kind", "acted"), [("cut-before", 0), ("cut-after", 1)])
    async def test_a_cut_ends_without_an_answer(
        self, client: httpx.AsyncClient, service: Service, kind: str, acted: int
    ) -> None:
        """The connection is cut before the upstream acts, or after it has."""
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            await client.post("/rows", headers=asking(kind), content=b"x" * 300_000)
        assert service.acted == acted

    @pytest.mark.parametrize(("kind", "acted"), [("cut-before", 0), ("cut-after", 1)])
    async def test_a_cut_may_reset(
        self, client: httpx.AsyncClient, service: Service, kind: str, acted: int
    ) -> None:
        """With reset the client sees a connection reset instead of an end."""
        with pytest.raises(httpx.ReadError):
            await client.post("/rows", headers=asking(f"{kind}; reset"), json={})
        assert service.acted == acted

    @pytest.mark.parametrize("after", [0, 5, 21, 22, 100])
    async def test_truncate_promises_more_than_it_sends(
        self, client: httpx.AsyncClient, service: Service, after: int
    ) -> None:
        """The answer begins properly and stops after n bytes, short of its Content-Length at any n."""
        async with client.stream("GET", "/rows", headers=asking(f"truncate={after}")) as answer:
            chunks = answer.aiter_raw()
            received = b"" if after == 0 else await anext(chunks)
            with pytest.raises(httpx.RemoteProtocolError, match="sending complete message body"):
                await anext(chunks)
        assert (answer.status_code, received, service.acted) == (200, GENUINE[:after], 1)
        assert int(answer.headers["content-length"]) > len(received)

    @pytest.mark.parametrize(("text", "status"), [("html", 502), ("html=200", 200), ("html=522", 522)])
    async def test_html_in_place_of_json(self, client: httpx.AsyncClient, text: str, status: int) -> None:
        """A gateway's page has its status, also 200 or one that is not registered."""
        answer = await client.get("/rows", headers=asking(text))
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.text.startswith("<!DOCTYPE html>")

    async def test_empty_is_200_without_a_body(self, client: httpx.AsyncClient) -> None:
        """An empty answer is a success without a byte."""
        answer = await client.get("/rows", headers=asking("empty"))
        assert (answer.status_code, answer.content) == (200, b"")

    async def test_a_stream_fault_needs_a_stream(self, client: httpx.AsyncClient) -> None:
        """A fault that cannot be carried out is refused with 400, not ignored."""
        answer = await client.get("/rows", headers=asking("cut-stream=2"))
        assert answer.status_code == 400
        assert "is for streams" in answer.json()["message"]

    async def test_a_bad_header_is_refused(self, client: httpx.AsyncClient, service: Service) -> None:
        """A typo in the header is a 400 that says what is wrong, and nothing acts."""
        answer = await client.get("/rows", headers=asking("statsu=503"))
        assert answer.status_code == 400
        assert "no fault kind 'statsu'" in answer.json()["message"]
        assert service.acted == 0

    async def test_only_a_whole_answer_can_be_truncated(self, service: Service, serve: Serve) -> None:
        """Truncating an answer that writes its own stream is a mistake of the server's author."""

        async def handle(request: web.Request) -> web.StreamResponse:
            async def stream() -> web.StreamResponse:
                return web.StreamResponse()

            with pytest.raises(TypeError, match="as a whole"):
                await inflict(Fault(kind=FaultKind.TRUNCATE), request, stream, error_body=postgrest_error)
            return cut(request)

        app = web.Application()
        add_fault_routes(app, service.book)
        app.router.add_get("/", handle)
        async with httpx.AsyncClient(base_url=await serve(app), trust_env=False) as http:
            with pytest.raises(httpx.RemoteProtocolError):
                await http.get("/")


class TestRetries:
    async def test_the_first_n_requests_of_a_key_fail(
        self, client: httpx.AsyncClient, service: Service
    ) -> None:
        """Attempts of one call that repeat the header fail n times and then reach the upstream."""
        headers = asking("status=503; times=2; key=abc")
        statuses = [(await client.get("/rows", headers=headers)).status_code for _ in range(4)]
        assert (statuses, service.acted) == ([503, 503, 200, 200], 2)


class TestAdmin:
    async def test_add_list_remove(self, client: httpx.AsyncClient) -> None:
        """A fault added by JSON strikes, is listed with its counts, and is gone after its removal."""
        added = await client.post("/_sandbox/faults", json={"kind": "status", "status": 503, "path": "/rows"})
        assert added.status_code == 201
        assert (await client.get("/rows")).status_code == 503
        (entry,) = (await client.get("/_sandbox/faults")).json()["faults"]
        assert entry == {**added.json(), "matched": 1, "inflicted": 1}
        assert (await client.delete(f"/_sandbox/faults/{entry['id']}")).status_code == 204
        assert (await client.get("/rows")).status_code == 200
        assert (await client.delete(f"/_sandbox/faults/{entry['id']}")).status_code == 404

    async def test_the_header_form_is_accepted(self, client: httpx.AsyncClient) -> None:
        """A fault may be posted as the text of a header; clear removes all."""
        for text in ("empty", "status=503; key=x"):
            added = await client.post("/_sandbox/faults", content=text)
            assert added.status_code == 201
        assert (await client.delete("/_sandbox/faults")).status_code == 204
        assert (await client.get("/_sandbox/faults")).json() == {"faults": []}

    @pytest.mark.parametrize(
        ("body", "reason"),
        [("{", "not JSON"), ('{"kind": "hang", "x": 1}', "x: "), ("{}", "kind: "), ("", "empty fault")],
    )
    async def test_a_bad_fault_is_refused(self, client: httpx.AsyncClient, body: str, reason: str) -> None:
        """What is no fault is answered with 400 and the reason."""
        answer = await client.post("/_sandbox/faults", content=body)
        assert answer.status_code == 400
        assert reason in answer.json()["error"]

    async def test_admin_routes_are_spared(self, client: httpx.AsyncClient) -> None:
        """A fault for everything leaves the admin routes working."""
        await client.post("/_sandbox/faults", content="status=503")
        assert (await client.get("/_sandbox/faults")).status_code == 200


class TestShutdown:
    async def test_a_hanging_request_does_not_hold_up_the_shutdown(
        self, client: httpx.AsyncClient, service: Service
    ) -> None:
        """Closing the server ends a request that would hang for ever."""
        call = asyncio.create_task(client.get("/rows", headers=asking("hang"), timeout=None))
        await service.arrived.wait()
        await service.app.shutdown()
        with pytest.raises(httpx.RemoteProtocolError):
            await call


def test_a_number_without_a_name_has_a_phrase() -> None:
    """Statuses that Python does not know still make a page."""
    assert (reason_phrase(404), reason_phrase(522)) == ("Not Found", "Unknown Error")
