"""One logical call as a span."""

from collections.abc import Callable, Mapping
from contextvars import Token
from typing import Any

from opentelemetry import context
from opentelemetry.context import Context
from opentelemetry.trace import Span, Tracer, set_span_in_context

from viber.errors import BaseError
from viber.integrations.opentelemetry import _names as names
from viber.integrations.opentelemetry._attributes import Attributes, say_failure, type_of
from viber.integrations.opentelemetry._database import of_refusal
from viber.integrations.opentelemetry._generation import Answer
from viber.integrations.opentelemetry._request_span import RequestSpan, of_request
from viber.integrations.opentelemetry._spans import ended

_KEY = context.create_key("viber-call")


def current_call() -> "CallSpan | None":
    """The call that this task is in, if one is current."""
    found = context.get_value(_KEY)
    return found if isinstance(found, CallSpan) else None


class CallSpan:
    """A `CallTrace`: it ends when the pipeline is done with the call, and its streams are closed."""

    def __init__(
        self,
        tracer: Tracer,
        span: Span,
        *,
        now: Callable[[], float],
        propagates: Callable[[str], bool],
        latest: bool,
    ) -> None:
        self._tracer = tracer
        self._span = span
        self._now = now
        self._propagates = propagates
        self._latest = latest
        self._context: Context = context.set_value(_KEY, self, set_span_in_context(span))
        self._token: Token[Context] | None = None
        self._began = now()
        self._users = 1
        self._is_done = False
        self._error: BaseException | None = None
        self._answer: Answer | None = None

    def enter(self) -> None:
        self._token = context.attach(self._context)

    def leave(self) -> None:
        if self._token is not None:
            context.detach(self._token)
            self._token = None

    def request(self, method: str, url: str, attempt: int) -> RequestSpan:
        # What nobody records of the call, nobody will of its requests.
        said = of_request(method, url, attempt) if self._span.is_recording() else {}
        return RequestSpan(self._tracer, self._context, method, said, propagates=self._propagates(url))

    def repeated(self, attempt: int, delay: float, error: Exception | None) -> None:
        reason = "unsatisfied" if error is None else type_of(error)
        self.happened(names.RETRY, {names.ATTEMPT: attempt, names.DELAY: delay, names.ERROR_TYPE: reason})

    def happened(self, name: str, facts: Attributes) -> None:
        """Something to remember, with the time of now."""
        self._span.add_event(name, facts)

    def heard(self, answer: Mapping[str, Any]) -> None:
        if self._answer is None:
            self._answer = Answer()
            if self._users > 1:  # it is a stream
                self._span.set_attribute(names.GEN_AI_FIRST_CHUNK, self._now() - self._began)
        self._answer.add(answer)

    def broke(self, error: BaseException) -> None:
        if self._is_done:  # before that the pipeline judges what to do about it
            self._error = error

    def keep(self) -> Callable[[], None]:
        self._users += 1
        return self._release

    def finish(self, attempts: int, error: BaseException | None) -> None:
        self._is_done, self._error = True, error
        self._span.set_attribute(names.ATTEMPTS, attempts)
        self._release()

    def _release(self) -> None:
        self._users -= 1
        if not self._users:
            self._end()

    def _end(self) -> None:
        error, self._error = self._error, None
        if self._answer is not None:
            self._span.set_attributes(self._answer.attributes(latest=self._latest))
        if error is not None:
            say_failure(self._span, error)
            if isinstance(error, BaseError) and error.service == "supabase":
                self._span.set_attributes(of_refusal(error))
        ended(self._span)
