"""One logical call on its way through the policies."""

from collections.abc import Callable

from viber.errors import BaseError, CircuitOpenError, Delivery, RateLimitError, TimeoutError
from viber.machines import ClassifyResult, Grant, Judgement, Reservation, Stop, Verdict
from viber.observability import CallFinished, CallTrace, RetryScheduled, Subject
from viber.resilience._circuit import Circuit, judged
from viber.resilience._deadline import Deadline, current_deadline, out_of_time
from viber.resilience._decision import REFUSALS, next_step
from viber.resilience._policies import Policies
from viber.resilience._story import Story


class Call:
    """What is known of a call so far; the function that is called may ask it, and keep what it holds.

    Each attempt runs between `begin` and `succeed` or `fail`, after `line_up` where there are lines.
    """

    # Most calls never write these: as defaults of the class they cost a call nothing.
    operation: str = ""
    request_id: str = ""
    idempotent: bool | None = None
    """Whether repeating it is safe; None leaves it to the pipeline."""
    tokens: int = 0
    """What it will take of a limit by tokens, estimated."""
    number: int = 0
    """The attempt that is under way, from 1."""
    about: Subject | None = None
    trace: CallTrace | None = None
    limit: float | None = None
    """Seconds that this attempt may take."""
    reservation: Reservation | None = None
    """What the rate limiter granted to this attempt: settle it when the real number of tokens is known."""
    _deadline: Deadline | None = None
    _began: float | None = None
    _ends: float | None = None
    _grant: Grant | None = None
    _permitted_at: float | None = None
    _holds_place = False
    _story: Story | None = None

    def __init__(self, policies: Policies) -> None:
        self.policies = policies

    @property
    def in_doubt(self) -> bool:
        """Whether an earlier attempt may have acted, though no answer says so."""
        return self._story is not None and self._story.is_unknown

    def start(self) -> None:
        """The clock runs from here."""
        policies = self.policies
        self._deadline = current_deadline()
        if policies.total_timeout is not None or policies.listeners.is_heard:
            self._began = policies.clock.now()
            if policies.total_timeout is not None:
                self._ends = self._began + policies.total_timeout
        if policies.budget is not None:
            policies.budget.calls += 1

    def take_over(self, began: float | None, grant: Grant | None) -> None:
        """The first attempt was made already, and nothing is known of it but this."""
        self._began, self._grant = began, grant
        if began is not None and self.policies.total_timeout is not None:
            self._ends = began + self.policies.total_timeout
        self.limit = self.policies.first_limit
        self.number = 1

    def remaining(self) -> float | None:
        """Seconds left for the whole call, never below 0; None if there is no bound."""
        own = None if self._ends is None else max(0.0, self._ends - self.policies.clock.now())
        outer = None if self._deadline is None else self._deadline.remaining()
        return own if outer is None or (own is not None and own < outer) else outer

    async def line_up(self) -> None:
        """Wait for a place in the bulkhead and for the rate limiter, in front of a circuit that lets us pass.

        Raises:
            CircuitOpenError: the circuit is open, or opened meanwhile.
            RateLimitError: it would take too long; nothing was sent.
            TimeoutError: no time was left; nothing was sent.
        """
        breaker, bulkhead, limiter = self.policies.breaker, self.policies.bulkhead, self.policies.limiter
        self.reservation = None  # that of an earlier attempt was used, and never goes back
        self._bounded(None)  # who has no time left does not even ask
        try:
            if breaker is not None:
                breaker.check()
            if bulkhead is not None:
                if not bulkhead.try_acquire():
                    await bulkhead.acquire(within=self.remaining(), circuit=breaker)
                self._holds_place = True
            if limiter is not None:
                self.reservation = limiter.try_acquire(self.tokens) or await limiter.acquire(
                    self.tokens, within=self.remaining(), circuit=breaker
                )
        except (CircuitOpenError, RateLimitError, TimeoutError) as refusal:
            ended = self._give_up(refusal)
        except BaseException:
            self._leave()
            raise
        else:
            return
        # Raised out here, because the error of an earlier attempt keeps its own context.
        try:
            raise ended
        finally:
            del ended  # its traceback holds this frame

    def begin(self) -> float | None:
        """An attempt begins, with leave of the circuit; seconds that it may take.

        Raises:
            CircuitOpenError: the circuit is open; nothing was sent.
            TimeoutError: no time was left; nothing was sent.
        """
        policies = self.policies
        limit = policies.timeout
        if self._ends is not None or self._deadline is not None:
            limit = self._bounded(limit)
        breaker = policies.breaker
        if breaker is not None:
            grant = self._grant = breaker.standing or self._ask(breaker, limit)
            if grant.counts:
                self._permitted_at = breaker.started(grant)
        self.number += 1
        self.limit = limit
        return limit

    def succeed(self, result: object) -> float | None:
        """The attempt brought a result; seconds until the next one if it is not good enough, else None."""
        policies = self.policies
        if policies.classify_result is not None:
            judgement = self._review(policies.classify_result, result)
            if judgement is not None:
                return self._reject(judgement)
        if self._grant is not None and self._grant.counts:
            self._settle(Verdict.SUCCESS)
        if self._holds_place:
            self._leave()
        if self._story is not None or policies.listeners.is_heard:
            self.finish(None)
        return None

    def fail(self, error: BaseException) -> float | None:
        """The attempt failed; seconds until the next one, None if this error ends the call."""
        unsent = isinstance(error, BaseError) and error.delivery is Delivery.NOT_SENT
        try:
            judgement = self._judge(error)
        finally:
            self._leave(unsent=unsent)
        if not unsent:
            self._heed(error, judgement)
        if not isinstance(error, Exception):
            return None
        step = self._decide(error, judgement)
        if isinstance(step, Stop):
            self._conclude(error, step)
            return None
        self._repeat_after(error, step)
        return step

    def finish(self, error: BaseException | None) -> None:
        """The call is over."""
        self._story = None  # a kept error would hold its frames, and they this call
        policies = self.policies
        listeners = policies.listeners
        if not listeners.is_heard:
            return
        name, operation, attempts, now = policies.name, self.operation, self.number, policies.clock.now()
        duration = 0.0 if self._began is None else now - self._began
        if listeners.metrics is not None:
            listeners.metrics.meter(policies.counted_as).finished(operation, attempts, duration, error, now)
        if listeners.callables:
            listeners.tell(CallFinished(name, operation, self.request_id, attempts, duration, error, at=now))

    def interrupted(self) -> None:
        """One failure more after a success: the stream that had begun well broke."""
        if self.policies.breaker is not None and self._grant is not None:
            self.policies.breaker.interrupt(self._grant)

    def keep_place(self) -> Callable[[], None]:
        """Keep the place in the bulkhead beyond this attempt, until what is returned is called, once."""
        bulkhead = self.policies.bulkhead
        if bulkhead is None or not self._holds_place:
            return lambda: None
        self._holds_place = False
        return bulkhead.release

    def _bounded(self, limit: float | None) -> float | None:
        remaining = self.remaining()
        if remaining is None:
            return limit
        if remaining <= 0:
            raise self._give_up(out_of_time())
        return remaining if limit is None or remaining < limit else limit

    def _ask(self, breaker: Circuit, limit: float | None) -> Grant:
        try:
            return breaker.ask(limit)
        except CircuitOpenError as rejection:
            ended = self._give_up(rejection)
        try:
            raise ended
        finally:
            del ended

    def _give_up(self, refusal: BaseError) -> Exception:
        """No attempt may follow: the error of the last one, or the refusal of the first, ends the call."""
        self._leave(unsent=True)
        last = None if self._story is None else self._story.reclaim()
        if last is None:
            self._conclude(refusal)
            return refusal
        self._conclude(last, REFUSALS[type(refusal)])
        return last

    def _conclude(self, error: Exception, reason: Stop | None = None) -> None:
        if isinstance(error, BaseError):
            error.locate(service=self.policies.name, operation=self.operation, request_id=self.request_id)
        story = self._story or Story()
        story.conclude(error, attempts=self.number, idempotent=self._may_repeat(), reason=reason)

    def _may_repeat(self) -> bool:
        return self.policies.idempotent if self.idempotent is None else self.idempotent

    def _judge(self, error: BaseException) -> Judgement:
        """What the error means; the circuit is told."""
        policies, grant = self.policies, self._grant
        if policies.breaker is None or grant is None:
            return judged(error, policies.classify)
        return policies.breaker.conclude(grant, error, policies.classify, started=self._permitted_at)

    def _settle(self, verdict: Verdict, retry_after: float | None = None) -> None:
        breaker, grant = self.policies.breaker, self._grant
        if breaker is not None and grant is not None:
            breaker.settle(grant, verdict, retry_after=retry_after, started=self._permitted_at)

    def _heed(self, error: BaseException | None, judgement: Judgement) -> None:
        """A server that asks to be left alone is, by all calls of this limiter."""
        limiter, wait = self.policies.limiter, judgement.retry_after
        if limiter is None:
            return
        if wait is not None and wait > 0:
            limiter.pause(wait)
        elif wait is None and isinstance(error, RateLimitError) and not error.retryable:
            limiter.pause()

    def _review(self, classify: ClassifyResult, result: object) -> Judgement | None:
        try:
            return classify(result)
        except BaseException:
            self._settle(Verdict.IGNORED)
            self._leave()
            raise

    def _reject(self, judgement: Judgement) -> float | None:
        """The result says that all is not well: it counts, and may be asked for again."""
        self._settle(judgement.verdict, judgement.retry_after)
        self._leave()
        self._heed(None, judgement)
        step = self._decide(None, judgement)
        if isinstance(step, Stop):
            self.finish(None)
            return None
        self._repeat_after(None, step)
        return step

    def _decide(self, error: Exception | None, judgement: Judgement) -> float | Stop:
        return next_step(
            self.policies,
            error,
            judgement,
            attempt=self.number,
            idempotent=self._may_repeat(),
            remaining=self.remaining(),
        )

    def _leave(self, *, unsent: bool = False) -> None:
        """Give back the place, and what was granted for something that was never sent."""
        bulkhead, limiter = self.policies.bulkhead, self.policies.limiter
        if bulkhead is not None and self._holds_place:
            self._holds_place = False
            bulkhead.release()
        if limiter is not None and self.reservation is not None and unsent:
            limiter.give_back(self.reservation)

    def _repeat_after(self, error: Exception | None, delay: float) -> None:
        """Another attempt follows: remember this one, and tell whoever listens."""
        story = self._story = self._story or Story()
        story.remember(error, attempt=self.number, delay=delay)
        policies, listeners = self.policies, self.policies.listeners
        if listeners.metrics is not None:
            listeners.metrics.meter(policies.counted_as).repeated(error)
        if listeners.callables:
            facts = policies.name, self.operation, self.request_id, self.number
            listeners.tell(RetryScheduled(*facts, delay, error, at=policies.clock.now()))
