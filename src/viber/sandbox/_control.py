"""The owner's hands on a running sandbox: plain HTTP calls to the admin routes of its servers."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from viber.sandbox._error import SandboxError
from viber.sandbox._faults import Fault, FaultEntry, parse_fault_header, validate_fault
from viber.sandbox._names import Action, ProcessName

_FAULTS: Final = "/_sandbox/faults"
_PROCESSES: Final = "/_sandbox/processes"
_SECONDS: Final = 30.0
_REFUSED: Final = 400


class SandboxFaults:
    """The faults in force on one server of the sandbox; every call is a short blocking request on loopback.

    Raises:
        SandboxError: the server refused it, or the sandbox is gone.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def add(self, fault: Fault | str) -> str:
        """Put a fault in force, a value or the text of an ``x-viber-fault`` header; return its id."""
        value = parse_fault_header(fault) if isinstance(fault, str) else fault
        fields = value.model_dump(mode="json", exclude_unset=True)
        return str(_call(self._url, "POST", _FAULTS, body=fields)["id"])

    def remove(self, fault_id: str) -> None:
        """Take one fault out of force (``SandboxError`` if there is none with this id)."""
        _call(self._url, "DELETE", f"{_FAULTS}/{fault_id}")

    def clear(self) -> None:
        """Take every fault out of force."""
        _call(self._url, "DELETE", _FAULTS)

    def list(self) -> tuple[FaultEntry, ...]:
        """Return the faults in force and how often each was inflicted."""
        entries: list[dict[str, Any]] = _call(self._url, "GET", _FAULTS)["faults"]
        return tuple(FaultEntry(fault=validate_fault(entry.pop("fault")), **entry) for entry in entries)


class SandboxProcess:
    """One real process of the sandbox, to be treated badly; every call is done when it returns.

    Raises:
        SandboxError: the process did what it should not: it did not come back, or the sandbox is gone.
    """

    def __init__(self, name: ProcessName, url: str) -> None:
        self.name = name
        self._url = url

    @property
    def pid(self) -> int | None:
        """The process id of the running or last run."""
        pid = self._look()["pid"]
        return None if pid is None else int(pid)

    @property
    def state(self) -> str:
        """One of ``running``, ``frozen`` and ``stopped``."""
        return str(self._look()["state"])

    def start(self) -> None:
        """Start it where it was, and wait until it answers."""
        self._act("start")

    def stop(self) -> None:
        """End it in an orderly way."""
        self._act("stop")

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._act("kill")

    def restart(self) -> None:
        """Stop it and start it again."""
        self._act("restart")

    def freeze(self) -> None:
        """Let it stand still: connections stay open, nothing answers."""
        self._act("freeze")

    def thaw(self) -> None:
        """Let it go on."""
        self._act("thaw")

    def _act(self, action: Action) -> None:
        _call(self._url, "POST", f"{_PROCESSES}/{self.name}/{action}")

    def _look(self) -> Any:
        return _call(self._url, "GET", f"{_PROCESSES}/{self.name}")


def _call(url: str, method: str, path: str, *, body: object = None) -> Any:
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=_SECONDS)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, HTTPException) as error:
        raise SandboxError(f"the sandbox does not answer: {error}") from error
    finally:
        connection.close()
    if answer.status >= _REFUSED:
        raise SandboxError(_complaint(content))
    return json.loads(content) if content else None


def _complaint(content: bytes) -> str:
    text = content.decode(errors="replace")
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text
