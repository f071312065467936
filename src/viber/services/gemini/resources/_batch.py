"""A batch of generations that Gemini answers in its own time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import Field

from viber.errors import BaseError, ServerError
from viber.services.gemini._options import GenerateOptions, Prompt
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.content._json import Json, is_array, is_object, objects_in, parsed
from viber.services.gemini.content._models import GenerateContentResponse
from viber.services.gemini.content._shape import Answered
from viber.services.gemini.content._wire import generate_body, model_path
from viber.services.gemini.resources._api import resource_path, single_model
from viber.services.gemini.tools._toolbox import Toolbox

_PREFIXES = ("BATCH_STATE_", "JOB_STATE_")
_OVER = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"})
_ANSWERED = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED"})


class BatchMetadata(Answered):
    """What is known of a batch besides its name."""

    state: str = ""
    model: str | None = None
    display_name: str | None = None
    create_time: datetime | None = None
    update_time: datetime | None = None
    end_time: datetime | None = None
    batch_stats: Json = Field(default_factory=dict)
    output: Json = Field(default_factory=dict)


class Batch(Answered):
    """A batch, as the long-running operation that it is.

    Example:
        >>> batch = Batch.from_wire({"name": "batches/a", "metadata": {"state": "BATCH_STATE_RUNNING"}})
        >>> batch.state, batch.is_over
        ('RUNNING', False)
    """

    name: str = ""
    done: bool = False
    metadata: BatchMetadata = BatchMetadata()
    error: Json | None = None
    response: Json = Field(default_factory=dict)

    @property
    def state(self) -> str:
        """`PENDING`, `RUNNING`, `SUCCEEDED`, `FAILED`, `CANCELLED`, `EXPIRED`, or what Google adds."""
        state = self.metadata.state
        for prefix in _PREFIXES:
            state = state.removeprefix(prefix)
        return state

    @property
    def is_over(self) -> bool:
        """Nothing more will happen to it."""
        return self.done or self.state in _OVER

    @property
    def has_results(self) -> bool:
        """It answered, each request for itself."""
        return self.state in _ANSWERED

    @property
    def results_file(self) -> str | None:
        """The name of the file with the answers, of a batch that came from a file."""
        name = self.output.get("responsesFile")
        return str(name) if name else None

    @property
    def output(self) -> Json:
        """Google's JSON for where the answers are."""
        return self.metadata.output or self.response


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """One generation of a batch; `key` comes back with its result.

    Example:
        >>> BatchRequest("Hello", key="a", options={"temperature": 0}).key
        'a'
    """

    prompt: Prompt
    key: str = ""
    options: GenerateOptions = field(default_factory=GenerateOptions)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of one generation: `response`, or `error`."""

    key: str
    response: GenerateContentResponse | None
    error: BaseError | None

    @property
    def text(self) -> str:
        """The text of the answer.

        Raises:
            BaseError: this generation failed.
        """
        if self.error is not None:
            raise self.error
        return self.response.text if self.response is not None else ""


def inline_entry(request: Prompt | BatchRequest) -> Json:
    """One generation as an inline batch lists it.

    Raises:
        InvalidRequestError: its prompt is empty, or an option is out of range.
    """
    if not isinstance(request, BatchRequest):
        return {"request": generate_body(request, {})}
    key = {"metadata": {"key": request.key}} if request.key else {}
    return {"request": _body(request), **key}


def file_line(request: BatchRequest) -> Json:
    """One generation as a file of JSON lines lists it."""
    return {"key": request.key, "request": _body(request)}


def source_of(source: object) -> str | None:
    """The name of the file that requests are in, if they are in a file."""
    if isinstance(source, str):
        return resource_path("files", source)
    name = getattr(source, "name", None)
    return resource_path("files", name) if isinstance(name, str) else None


def inline_results(batch: Batch, failures: Failures) -> Iterator[BatchResult]:
    """The results that stand in the batch itself, in the order of its requests.

    Raises:
        ServerError: there are none.
    """
    inlined = batch.output.get("inlinedResponses")
    entries = inlined.get("inlinedResponses") if is_object(inlined) else inlined
    if not is_array(entries):
        raise ServerError(f"{batch.name} is done, and holds no results", service="gemini", retryable=False)
    for entry in objects_in(entries):
        yield _result(entry, failures)


def results_in(lines: Iterable[bytes], failures: Failures) -> Iterator[BatchResult]:
    """The results of a file of JSON lines.

    Raises:
        ServerError: a line is not what Gemini writes.
    """
    for line in lines:
        if line.strip():
            entry = parsed(line)
            yield _result(entry if is_object(entry) else {}, failures)


def _body(request: BatchRequest) -> Json:
    model = single_model(request.options)
    named = {"model": model_path(model)} if model else {}
    tools = Toolbox.of(request.options.get("tools") or ()).wire
    return {**named, **generate_body(request.prompt, request.options, tools=tools)}


def _result(entry: Json, failures: Failures) -> BatchResult:
    metadata = entry.get("metadata")
    key = str(entry.get("key") or (metadata.get("key") if is_object(metadata) else "") or "")
    response, error = entry.get("response"), entry.get("error")
    if is_object(response):
        return BatchResult(key, GenerateContentResponse.from_wire(response), None)
    told = error if is_object(error) else {"message": "the batch holds no answer to this request"}
    return BatchResult(key, None, failures.of_error(told))
