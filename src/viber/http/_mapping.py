"""Which error a failure below becomes: one list of rules, one table of errors."""

import builtins
import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum, auto

import anyio
import httpcore
import httpx

from viber.errors import BaseError, Delivery, InvalidRequestError, TimeoutError, TransportError
from viber.http._fields import HeadTooLarge


class Phase(IntEnum):
    """How far a request came."""

    CONNECT = auto()
    TLS = auto()
    HEAD = auto()
    """Connected: sending, or waiting for the header fields."""
    BODY = auto()


class Fault(Enum):
    """What can go wrong between two machines."""

    NAME = auto()
    REFUSED = auto()
    CONNECT_TIMEOUT = auto()
    CERTIFICATE = auto()
    TLS = auto()
    PROXY = auto()
    NO_SLOT = auto()
    REQUEST = auto()
    SILENCE = auto()
    RESET = auto()
    NOT_HTTP = auto()
    HEADER = auto()
    CUT = auto()


@dataclass(frozen=True, slots=True)
class _Row:
    code: str
    message: str
    suggestion: str = ""
    kind: type[BaseError] = TransportError
    is_early: bool = False
    """It comes before the first byte is written, whoever reports it."""
    retryable: bool = True


ERRORS: dict[Fault, _Row] = {
    Fault.NAME: _Row(
        "transport.dns",
        "the host name of {where} could not be resolved",
        "check the host in the URL, and that this machine can resolve names",
        is_early=True,
    ),
    Fault.REFUSED: _Row(
        "transport.connect",
        "no connection to {where}",
        "check host and port, and that the server is running and reachable",
        is_early=True,
    ),
    Fault.CONNECT_TIMEOUT: _Row(
        "timeout.connect",
        "no connection to {where} in time",
        "check host and port; a firewall that drops packets looks like this; or raise connect_timeout",
        kind=TimeoutError,
        is_early=True,
    ),
    Fault.CERTIFICATE: _Row(
        "transport.tls",
        "the certificate of {where} is not trusted",
        "check the host name and this machine's clock; name a private authority with ca_file",
        is_early=True,
        retryable=False,
    ),
    Fault.TLS: _Row(
        "transport.tls",
        "no secure connection to {where}",
        "check that this port speaks https; a server of plain http needs an http:// URL",
        is_early=True,
    ),
    Fault.PROXY: _Row(
        "transport.proxy",
        "the proxy does not let requests for {where} through",
        "check the proxy URL and its credentials, or list the host in NO_PROXY",
        is_early=True,
    ),
    Fault.NO_SLOT: _Row(
        "timeout.pool",
        "no free connection to {where} in time",
        "raise the limits of the injected client, or send less at once",
        kind=TimeoutError,
        is_early=True,
    ),
    Fault.REQUEST: _Row(
        "request.malformed",
        "the request to {where} is not valid HTTP",
        kind=InvalidRequestError,
        is_early=True,
        retryable=False,
    ),
    Fault.SILENCE: _Row("timeout.read", "no answer from {where} in time", kind=TimeoutError),
    Fault.RESET: _Row("transport.reset", "the connection to {where} was closed before an answer came"),
    Fault.NOT_HTTP: _Row(
        "transport.protocol",
        "{where} did not answer in HTTP",
        "check the port; a server of https needs an https:// URL",
        retryable=False,
    ),
    Fault.HEADER: _Row(
        "transport.header",
        "{where} answered with too many or too large header fields",
        "look at what the server or a gateway in front of it adds",
        retryable=False,
    ),
    Fault.CUT: _Row("transport.read", "the answer of {where} broke off"),
}
"""The error of each fault."""

_TOO_LARGE = 431

_ANY = frozenset(Phase)
_CONNECT = frozenset((Phase.CONNECT,))
_TLS = frozenset((Phase.TLS,))
_BODY = frozenset((Phase.BODY,))

_Kinds = tuple[type[BaseException], ...]
_TIMEOUTS: _Kinds = (httpx.TimeoutException, httpcore.TimeoutException)
_NETWORK: _Kinds = (OSError, httpx.TransportError, httpcore.NetworkError, httpcore.ProtocolError)
_NO_CONNECTION: _Kinds = (httpx.ConnectError, httpcore.ConnectError)
_LOCAL: _Kinds = (httpx.LocalProtocolError, httpcore.LocalProtocolError)
_UNSPEAKABLE: _Kinds = (httpx.UnsupportedProtocol, httpcore.UnsupportedProtocol, httpx.InvalidURL)
_REMOTE: _Kinds = (httpx.RemoteProtocolError, httpcore.RemoteProtocolError)
_NOT_YET: _Kinds = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError)
_HUNG_UP: _Kinds = (anyio.EndOfStream, anyio.BrokenResourceError)

_RULES: tuple[tuple[frozenset[Phase], _Kinds, Fault], ...] = (
    (_BODY, _TIMEOUTS, Fault.SILENCE),
    (_BODY, (*_NETWORK, httpx.StreamError), Fault.CUT),
    (_ANY, (ssl.SSLCertVerificationError,), Fault.CERTIFICATE),
    (_ANY, (ssl.SSLError,), Fault.TLS),
    (_ANY, (httpx.ProxyError, httpcore.ProxyError), Fault.PROXY),
    (_ANY, (httpx.ConnectTimeout, httpcore.ConnectTimeout), Fault.CONNECT_TIMEOUT),
    (_CONNECT | _TLS, (builtins.TimeoutError,), Fault.CONNECT_TIMEOUT),
    (_ANY, (httpx.PoolTimeout, httpcore.PoolTimeout), Fault.NO_SLOT),
    (_ANY, _TIMEOUTS, Fault.SILENCE),
    (_ANY, (socket.gaierror,), Fault.NAME),
    (_TLS, (OSError,), Fault.TLS),
    (_CONNECT, (OSError,), Fault.REFUSED),
    (_ANY, _NO_CONNECTION, Fault.REFUSED),
    (_ANY, _LOCAL + _UNSPEAKABLE, Fault.REQUEST),
    (_ANY, _REMOTE, Fault.NOT_HTTP),
    (_ANY, _NETWORK, Fault.RESET),
)
"""The first rule that fits the phase and any link of the chain of causes."""


def explain(
    exc: BaseException, *, where: object, phase: Phase, sent: bool | None = None, is_alone: bool = False
) -> BaseError | None:
    """The error for a failure of the layers below, None for one that is not theirs.

    `sent` says whether a byte of the request was written; None: unknown, and the kind of failure decides.
    `is_alone`: it comes from a task of its own, so that its context is its cause too (httpcore's pool hides
    causes); elsewhere the context may be whatever the caller is just handling.
    """
    links = tuple(_chain(exc, is_alone=is_alone))
    fault = _fault(links, phase)
    return None if fault is None else error_of(fault, where=where, sent=sent, root=links[-1])


def error_of(
    fault: Fault, *, where: object, sent: bool | None = None, root: BaseException | None = None
) -> BaseError:
    """The error of one fault."""
    row = ERRORS[fault]
    # A proxy that refuses has read something, but not the request.
    is_unsent = row.is_early if sent is None or fault is Fault.PROXY else not sent
    # A complaint about the request quotes it, header values and all.
    is_quotable = root is not None and fault is not Fault.REQUEST
    return row.kind(
        row.message.format(where=where) + _reason(root, fault),
        code=row.code,
        delivery=Delivery.NOT_SENT if is_unsent else Delivery.UNKNOWN,
        retryable=row.retryable,
        suggestion=row.suggestion,
        debug_message=f"{type(root).__name__}: {root}"[:300] if is_quotable else "",
    )


def closed_error(where: object = None, *, sent: bool = False) -> TransportError:
    """The error of a request that its own transport, being closed, did not send or did not finish."""
    return TransportError(
        f"the transport to {where} is closed" if where else "the transport is closed",
        code="transport.closed",
        delivery=Delivery.UNKNOWN if sent else Delivery.NOT_SENT,
        retryable=False,
        suggestion="close a service or factory only when its last call has ended",
    )


def _fault(links: tuple[BaseException, ...], phase: Phase) -> Fault | None:
    if phase is not Phase.BODY:
        if any(map(_is_too_large, links)):
            return Fault.HEADER
        if any(map(_is_of_socks, links)):
            return Fault.PROXY
        # httpcore itself reports a server that hung up; behind a malformed answer stands the parser's error.
        if isinstance(links[-1], httpcore.RemoteProtocolError):
            return Fault.RESET
        if _holds(links, _NO_CONNECTION) and _holds(links, _HUNG_UP):
            return Fault.TLS
    return next((fault for phases, kinds, fault in _RULES if phase in phases and _holds(links, kinds)), None)


def _holds(links: tuple[BaseException, ...], kinds: _Kinds) -> bool:
    return any(isinstance(link, kinds) for link in links)


def _is_of_socks(link: BaseException) -> bool:
    # Optional, so that its classes cannot be named here; httpcore lets them through.
    return type(link).__module__.partition(".")[0] == "socksio"


def _is_too_large(link: BaseException) -> bool:
    # h11 knows its own bound by the status that a server would answer with.
    return isinstance(link, HeadTooLarge) or getattr(link, "error_status_hint", None) == _TOO_LARGE


def _chain(exc: BaseException, *, is_alone: bool) -> Iterator[BaseException]:
    link: BaseException | None = exc
    while link is not None:
        yield link
        link = link.__cause__ or (link.__context__ if is_alone else None)
        if isinstance(link, _NOT_YET):
            # It says "not yet", and is the context of whatever came instead.
            return


def _reason(root: BaseException | None, fault: Fault) -> str:
    if fault is Fault.REFUSED and isinstance(root, OSError) and root.errno:
        return f" ({os.strerror(root.errno).lower()})"
    return ""
