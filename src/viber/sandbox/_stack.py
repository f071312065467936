"""The sandbox as its owner sees it."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

from viber.sandbox import _keys
from viber.sandbox._binaries import INSTALL, missing_packages
from viber.sandbox._control import SandboxFaults, SandboxProcess
from viber.sandbox._error import SandboxError
from viber.sandbox._names import ProcessName
from viber.sandbox._owner import Supervisor
from viber.sandbox._report import Report


class Sandbox:
    """A local Supabase (real PostgreSQL, real PostgREST) and a local Gemini, on loopback, until stopped.

    One supervisor process owns everything. It ends when this object is stopped and when this process ends, in
    whatever way, and leaves no process, file or shared memory behind. Use it as a context manager, plain or
    asynchronous; entering takes about a second, and at most ``start_timeout`` seconds (the first start of a
    machine fetches PostgREST).

    Raises:
        SandboxError: on entering, when a part is missing or does not start.

    Example:
        >>> with Sandbox() as sandbox:
        ...     fault_id = sandbox.supabase_faults.add("status=503; times=2; path=/rest/v1/orders")
        ...     sandbox.process("postgrest").restart()
        ...     sandbox.process("postgrest").state
        'running'
    """

    def __init__(self, *, start_timeout: float | None = 180.0) -> None:
        self._start_timeout = start_timeout
        self._supervisor: Supervisor | None = None
        self._report: Report | None = None

    def __repr__(self) -> str:
        if self._report is None:
            return "<Sandbox not running>"
        return f"<Sandbox supabase={self.supabase_url} gemini={self.gemini_url}>"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        supervisor = self._launch()
        try:
            self._report = await asyncio.to_thread(supervisor.await_report, timeout=self._start_timeout)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(self.stop))
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(asyncio.to_thread(self.stop))

    def start(self) -> Self:
        """Start everything and return when it answers."""
        supervisor = self._launch()
        try:
            self._report = supervisor.await_report(timeout=self._start_timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop everything and remove its files; stopping twice is fine."""
        supervisor = self._supervisor
        self._supervisor = self._report = None
        if supervisor is not None:
            supervisor.end()

    @property
    def supabase_url(self) -> str:
        """The address of the project, to which clients add ``/rest/v1``."""
        return self._running.supabase_url

    @property
    def gemini_url(self) -> str:
        """The base address of the Gemini server, to which clients add the version."""
        return self._running.gemini_url

    @property
    def anon_key(self) -> str:
        """The project's public key: role ``anon``."""
        return self._running.secrets.anon_key

    @property
    def service_role_key(self) -> str:
        """The project's secret key: role ``service_role``, not bound by row level security."""
        return self._running.secrets.service_role_key

    @property
    def jwt_secret(self) -> str:
        """The HS256 secret that signs every token of the project."""
        return self._running.secrets.jwt_secret

    @property
    def gemini_key(self) -> str:
        """The key that the Gemini server accepts."""
        return self._running.secrets.gemini_key

    @property
    def supabase_faults(self) -> SandboxFaults:
        """The faults of the Supabase gateway."""
        return SandboxFaults(self.supabase_url)

    @property
    def gemini_faults(self) -> SandboxFaults:
        """The faults of the Gemini server."""
        return SandboxFaults(self.gemini_url)

    def process(self, name: ProcessName) -> SandboxProcess:
        """Return a hand on one of the real processes."""
        return SandboxProcess(name, self.supabase_url)

    def user_key(self, sub: str, *, role: _keys.Role = "authenticated", expires_in: float = 3600) -> str:
        """Return the access token of a signed-in user, whose id is ``sub`` (a UUID).

        ``expires_in`` is in seconds. A negative one gives an expired token; PostgREST forgives 30 seconds.
        """
        secret = self.jwt_secret
        return _keys.user_key(sub, role=role, secret=secret, now=time.time(), expires_in=expires_in)

    def environment(self) -> dict[str, str]:
        """Return the variables that point an application here."""
        return {
            "SUPABASE_URL": self.supabase_url,
            "SUPABASE_ANON_KEY": self.anon_key,
            "SUPABASE_SERVICE_ROLE_KEY": self.service_role_key,
            "GEMINI_API_KEY": self.gemini_key,
            "GEMINI_BASE_URL": self.gemini_url,
        }

    @property
    def _running(self) -> Report:
        if self._report is None:
            raise SandboxError("the sandbox is not running: enter it, or call start()")
        return self._report

    def _launch(self) -> Supervisor:
        if self._supervisor is not None:
            raise SandboxError("the sandbox is already running")
        missing = missing_packages()
        if missing:
            raise SandboxError(f"not installed: {', '.join(missing)}; run: {INSTALL}")
        self._supervisor = Supervisor()
        return self._supervisor
