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


def of_request(method: str, url: str, attempt: int) -> Attributes:
    """What its span says from the beginning."""
    host, port = server_of(url)
    said: Attributes = {
        names.HTTP_METHOD: method,
        names.URL_FULL: shown_url(url),
        names.SERVER_ADDRESS: host,
    }
    if port is not None:
        said[names.SERVER_PORT] = port
    if attempt > 1:
        said[names.HTTP_RESEND_COUNT] = attempt - 1
    return said


class RequestSpan:
    """A `RequestTrace`."""

    __slots__ = ("_attributes", "_method", "_parent", "_propagates", "_span", "_token", "_tracer")

    _span: Span

    def __init__(
        self, tracer: Tracer, parent: Context, method: str, attributes: Attributes, *, propagates: bool
    ) -> None:
        self._tracer = tracer
        self._parent = parent
        self._method = method
        self._attributes = attributes
        self._propagates = propagates

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
        if not isinstance(answer, GeneratorExit):  # thrown away, perhaps by another task
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
