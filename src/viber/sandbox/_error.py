from __future__ import annotations


class SandboxError(RuntimeError):
    """The sandbox could not be started or controlled; the message says what is missing or what a child said.

    Example:
        >>> raise SandboxError("PostgREST did not start")
        Traceback (most recent call last):
        viber.sandbox._error.SandboxError: PostgREST did not start
    """
