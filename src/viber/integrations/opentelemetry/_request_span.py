"""One HTTP request as a span, and the header fields that let the server's spans join it."""

from opentelemetry import context
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from viber.integrations.opentelemetry import _names as names
from viber.integrations.opentelemetry._attributes import Attributes, say_failure
from viber.integrations.opentelemetry._spans import ended, started
from viber.integrations.opentelemetry._url import server_of, shown_url

_FIRST_FAILURE = 400
_inject = TraceContextTextMapPropagator().inject  # and no baggage, which is for others


class RequestSpan:
    """A `RequestTrace`."""

    __slots__ = ("_attributes", "_method", "_parent", "_propagates", "_span", "_token", "_tracer")

    _span: Span

    def __init__(
        self, tracer: Tracer, parent: Context, method: str, url: str, *, attempt: int, propagates: bool
    ) -> None:
        host, port = server_of(url)
        self._tracer = tracer
        self._parent = parent
        self._method = method
        self._propagates = propagates
        self._attributes: Attributes = {
            names.HTTP_METHOD: method,
            names.URL_FULL: shown_url(url),
            names.SERVER_ADDRESS: host,
        }
        if port is not None:
            self._attributes[names.SERVER_PORT] = port
        if attempt > 1:
            self._attributes[names.HTTP_RESEND_COUNT] = attempt - 1

    def begin(self) -> tuple[tuple[str, str], ...]:
        self._span = started(self._tracer, self._method, self._parent, SpanKind.CLIENT, self._attributes)
        around = set_span_in_context(self._span, self._parent)
        self._token = context.attach(around)
        if not self._propagates:
            return ()
        carrier: dict[str, str] = {}
        _inject(carrier, around)
        return tuple(carrier.items())

    def end(self, answer: int | BaseException) -> None:
        if not isinstance(answer, GeneratorExit):  # whose thread of events is another one
            context.detach(self._token)
        if isinstance(answer, BaseException):
            say_failure(self._span, answer)
        else:
            self._say_status(answer)
        ended(self._span)

    def _say_status(self, status: int) -> None:
        self._span.set_attribute(names.HTTP_STATUS, status)
        if status >= _FIRST_FAILURE:
            self._span.set_attribute(names.ERROR_TYPE, str(status))
            self._span.set_status(Status(StatusCode.ERROR))
