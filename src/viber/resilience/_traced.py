"""A call that a tracing system follows."""

from collections.abc import Callable

from viber.observability import CallTrace, Tracer
from viber.resilience._call import Call
from viber.resilience._policies import Policies


def traced(policies: Policies, tracer: Tracer) -> Call:
    """A call that is followed, if anybody records it."""
    return TracedCall(policies, tracer) if tracer.is_on else Call(policies)


class TracedCall(Call):
    """A `Call` that tells its trace, which is current while the call waits or tries, and only then."""

    _trace: CallTrace

    def __init__(self, policies: Policies, tracer: Tracer) -> None:
        super().__init__(policies)
        self._tracer = tracer

    def start(self) -> None:
        super().start()
        name = self.policies.name
        self.trace = self._trace = self._tracer.start(name, self.operation, self.request_id, self.about)

    async def line_up(self) -> None:
        self._trace.enter()
        try:
            await super().line_up()
        except GeneratorExit:
            raise  # whoever throws the coroutine away may do so elsewhere: nothing is current there
        except BaseException:
            self._trace.leave()
            raise
        self._trace.leave()

    def begin(self) -> float | None:
        self._trace.enter()
        try:
            return super().begin()
        except BaseException:
            self._trace.leave()
            raise

    def succeed(self, result: object) -> float | None:
        try:
            return super().succeed(result)
        finally:
            self._trace.leave()

    def fail(self, error: BaseException) -> float | None:
        try:
            return super().fail(error)
        finally:
            if not isinstance(error, GeneratorExit):
                self._trace.leave()

    def finish(self, error: BaseException | None) -> None:
        super().finish(error)
        self._trace.finish(self.number, error)

    def keep_place(self) -> Callable[[], None]:
        leave, end = super().keep_place(), self._trace.keep()

        def ended() -> None:
            leave()
            end()

        return ended

    def _repeat_after(self, error: Exception | None, delay: float) -> None:
        super()._repeat_after(error, delay)
        self._trace.repeated(self.number, delay, error)
