"""Leave to make one call, and the word that its holder owes."""

from types import TracebackType
from typing import Self

from viber.machines import Classify, Grant, Judgement, Verdict
from viber.resilience._circuit import Circuit


class Permit:
    """Leave to make one call; whoever holds it says how the call ended.

    As a context manager it says so itself: what leaves the block is classified, nothing is a success.
    """

    __slots__ = ("_circuit", "_classify", "_grant", "_started", "_verdict")

    def __init__(self, circuit: Circuit, grant: Grant, classify: Classify, started: float | None) -> None:
        self._circuit = circuit
        self._classify = classify
        self._grant = grant
        self._started = started
        self._verdict: Verdict | None = None

    @property
    def generation(self) -> int:
        """The generation of the breaker in which this permit was given."""
        return self._grant.generation

    def success(self) -> None:
        """The service is alive."""
        self.settle(Verdict.SUCCESS)

    def failure(self, *, retry_after: float | None = None) -> None:
        """The service is not well; it may have asked to be left alone for some seconds."""
        self.settle(Verdict.FAILURE, retry_after=retry_after)

    def ignore(self) -> None:
        """Neither good nor bad news; a probe gives its place back."""
        self.settle(Verdict.IGNORED)

    def settle(self, verdict: Verdict, *, retry_after: float | None = None) -> None:
        """Say how the call ended.

        Raises:
            RuntimeError: it was said before.
        """
        self._settle_once(verdict)
        if verdict is not Verdict.SUCCESS or self._grant.counts:
            self._circuit.settle(self._grant, verdict, retry_after=retry_after, started=self._started)

    def conclude(self, error: BaseException) -> Judgement:
        """Settle by what ended the call; if classifying it raises, that says nothing of the service."""
        self._settle_once(Verdict.IGNORED)
        judgement = self._circuit.conclude(self._grant, error, self._classify, started=self._started)
        self._verdict = judgement.verdict
        return judgement

    def interrupted(self) -> None:
        """One failure more after a success: the stream that had begun well broke."""
        if self._verdict is Verdict.SUCCESS:
            self._circuit.interrupt(self._grant)

    def _settle_once(self, verdict: Verdict) -> None:
        if self._verdict is not None:
            raise RuntimeError("this permit is settled already: one call has one outcome")
        self._verdict = verdict

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._verdict is not None:
            return
        if error is None:
            self.success()
        else:
            self.conclude(error)

    def __repr__(self) -> str:
        state = "out" if self._verdict is None else self._verdict.value
        return f"<Permit of {self._circuit.name!r}, generation {self.generation}, {state}>"
