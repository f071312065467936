"""How long each part of a request took."""


class Timing:
    """Filled by a transport for a request that carries it; every time in seconds.

    Example:
        >>> timing = Timing()
        >>> timing.start(10.0)
        >>> timing.queued(10.5)
        >>> timing.answered(12.0, connected_at=11.0)
        >>> timing.ended(12.25)
        >>> timing
        <Timing queue=0.500 connect=0.500 head=1.000 body=0.250>
    """

    __slots__ = ("_last", "body", "connect", "head", "queue")

    def __init__(self) -> None:
        self.queue: float = 0.0
        """Waiting for a connection."""
        self.connect: float = 0.0
        """Reaching and securing the server; 0 over a connection that was kept."""
        self.head: float = 0.0
        """From then until the header fields of the answer were there."""
        self.body: float = 0.0
        """Reading the body; 0 for a stream, which is read later."""
        self._last = 0.0

    def start(self, now: float) -> None:
        """The request was handed over."""
        self._last = now

    def queued(self, now: float) -> None:
        """There is a connection for it, made or yet to be made."""
        self.queue = now - self._last
        self._last = now

    def answered(self, now: float, *, connected_at: float | None = None) -> None:
        """The header fields are there, or it failed before; `connected_at` is when a new connection stood."""
        if connected_at is not None and connected_at > self._last:
            self.connect = connected_at - self._last
            self._last = connected_at
        self.head = now - self._last
        self._last = now

    def ended(self, now: float) -> None:
        """The body was read to its end."""
        self.body = now - self._last

    def __repr__(self) -> str:
        parts = ("queue", "connect", "head", "body")
        return f"<Timing {' '.join(f'{part}={getattr(self, part):.3f}' for part in parts)}>"
