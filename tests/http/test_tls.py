"""Https: trusted, untrusted, and with a certificate of one's own."""

from __future__ import annotations

import asyncio
import gc
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from viber.errors import ConfigurationError, Delivery, TransportError
from viber.http import ConnectionPool, HttpConfig, Request
from viber.http._tls import tls_context


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def server_tls(authority: trustme.CA, host: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


async def test_a_trusted_server(raw: Any, make: Any, authority: trustme.CA, ca_file: Path) -> None:
    """With its authority named, a server is trusted, and its connection kept."""
    server = await raw.serve(raw.always(raw.answer(b"x" * 300_000)), tls=server_tls(authority))
    transport = make(ca_file=ca_file)
    for _ in range(3):
        response = await transport.send(Request("POST", server.url(), body=b"y" * 300_000))
        assert response.body == b"x" * 300_000
    assert server.visits == 1


@pytest.mark.parametrize("case", ["unknown authority", "other host"])
async def test_a_server_that_is_not_trusted(
    raw: Any, make: Any, authority: trustme.CA, ca_file: Path, case: str
) -> None:
    """A certificate of an unknown authority or for another host is a typed error; nothing was sent."""
    host = "other.example" if case == "other host" else "127.0.0.1"
    server = await raw.serve(raw.silent, tls=server_tls(authority, host))
    transport = make(ca_file=ca_file) if case == "other host" else make()
    with pytest.raises(TransportError) as caught:
        await transport.send(Request("GET", server.url()))
    error = caught.value
    assert (error.code, error.delivery, error.retryable) == ("transport.tls", Delivery.NOT_SENT, False)
    assert "ca_file" in error.suggestion
    await server.empty()


async def test_verification_can_be_switched_off(raw: Any, make: Any, authority: trustme.CA) -> None:
    """`verify=False` takes any certificate."""
    server = await raw.serve(raw.always(raw.answer()), tls=server_tls(authority))
    assert (await make(verify=False).send(Request("GET", server.url()))).body == b"ok"


async def test_a_broken_answer_over_tls(raw: Any, make: Any, authority: trustme.CA, ca_file: Path) -> None:
    """What breaks after the handshake is no TLS failure: the request may have arrived."""
    server = await raw.serve(raw.once(b"", reset=True), tls=server_tls(authority))
    with pytest.raises(TransportError) as caught:
        await make(ca_file=ca_file).send(Request("GET", server.url()))
    assert (caught.value.code, caught.value.delivery) == ("transport.reset", Delivery.UNKNOWN)


async def test_a_client_certificate(
    raw: Any, make: Any, authority: trustme.CA, ca_file: Path, tmp_path: Path
) -> None:
    """A certificate of one's own is shown to a server that asks for it."""
    mine = authority.issue_cert("client@example.com")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    mine.cert_chain_pems[0].write_to_path(str(certificate))
    mine.private_key_pem.write_to_path(str(key))
    asking = server_tls(authority)
    authority.configure_trust(asking)
    asking.verify_mode = ssl.CERT_REQUIRED
    server = await raw.serve(raw.always(raw.answer()), tls=asking)
    shown = make(ca_file=ca_file, client_certificate=certificate, client_key=key)
    assert (await shown.send(Request("GET", server.url()))).body == b"ok"
    with pytest.raises(TransportError):
        await make(ca_file=ca_file).send(Request("GET", server.url()))


async def test_cancelled_at_every_turn(raw: Any, authority: trustme.CA, ca_file: Path, engine: Any) -> None:
    """A cancellation at any turn, the handshake's included, leaves neither socket nor place behind."""
    server = await raw.serve(raw.always(raw.answer()), tls=server_tls(authority))
    pool = ConnectionPool(
        HttpConfig(max_connections=1, ca_file=ca_file, trust_env=False, transport=engine, idle_expiry=1e-9)
    )
    for turns in range(45):
        task = asyncio.create_task(pool.send(Request("GET", server.url())))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,))
        assert repr(pool).endswith("busy=0)>")
    assert (await pool.send(Request("GET", server.url()))).body == b"ok"
    await pool.aclose()
    await server.empty()
    gc.collect()


def test_a_file_that_is_no_certificate(tmp_path: Path) -> None:
    """A file that holds no certificate is a configuration error."""
    path = tmp_path / "ca.pem"
    path.write_text("not a certificate")
    with pytest.raises(ConfigurationError, match="TLS files"):
        tls_context(HttpConfig(ca_file=path))
