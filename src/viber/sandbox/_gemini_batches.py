"""Batches of requests that the Gemini server answers later. Pure.

Each look brings a batch on: PENDING, then RUNNING for one look, then done. ``[[processing:3]]`` in its
display name makes it run for three looks, ``[[fail]]`` lets it fail.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from viber.sandbox._gemini_answer import whole_answer
from viber.sandbox._gemini_fields import as_object, pick, pick_object, pick_objects, pick_text
from viber.sandbox._gemini_files import FileCabinet
from viber.sandbox._gemini_model import reply_to
from viber.sandbox._gemini_request import read_generation
from viber.sandbox._gemini_shelf import Shelf, marks_in
from viber.sandbox._gemini_times import moment
from viber.sandbox._gemini_wire import GeminiRefusedError, Json, dump, invalid_argument, operation_error

_OVER: Final = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})


@dataclass(slots=True)
class StoredBatch:
    """A batch and how far it has come; ``output`` is there once it has succeeded."""

    name: str
    model: str
    display_name: str
    entries: list[Json]
    created: float
    looks: int
    fails: bool
    is_inline: bool
    state: str = "PENDING"
    output: Json = field(default_factory=dict[str, Any])
    failed: int = 0

    def describe(self) -> Json:
        """Return its JSON, that of a long-running operation."""
        metadata: Json = {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
            "name": self.name,
            "model": f"models/{self.model}",
            "displayName": self.display_name,
            "state": f"BATCH_STATE_{self.state}",
            "createTime": moment(self.created),
            "updateTime": moment(self.created),
            "batchStats": self._stats(),
        }
        shown: Json = {"name": self.name, "metadata": metadata}
        if self.state in _OVER:
            metadata["endTime"] = moment(self.created)
            shown["done"] = True
        if self.state == "SUCCEEDED":
            metadata["output"] = shown["response"] = self.output
        if self.state == "FAILED":
            shown["error"] = operation_error(500, "The batch failed.")
        return shown

    def _stats(self) -> Json:
        total = len(self.entries)
        done = {"successfulRequestCount": str(total - self.failed), "failedRequestCount": str(self.failed)}
        rest = done if self.state == "SUCCEEDED" else {"pendingRequestCount": str(total)}
        return {"requestCount": str(total), **rest}


class BatchCabinet:
    """All batches; ``bill`` is told the usage of every answer, ``wall`` tells seconds since the epoch."""

    def __init__(
        self, files: FileCabinet, *, wall: Callable[[], float], bill: Callable[[Json], None]
    ) -> None:
        self._files = files
        self._wall = wall
        self._bill = bill
        self.batches: Shelf[StoredBatch] = Shelf("batches")

    def create(self, model: str, body: Json) -> Json:
        """Take a batch of requests, given inline or in a file of JSON lines."""
        asked = pick_object(body, "batch")
        source = pick_object(asked, "inputConfig")
        entries = pick_objects(pick_object(source, "requests"), "requests")
        file_name = pick_text(source, "fileName")
        if file_name is not None:
            entries = _read_lines(self._files.files.find(file_name.removeprefix("files/")).data)
        if not entries:
            raise invalid_argument("batch.inputConfig", "there are no requests")
        batch_id, display_name = secrets.token_hex(6), pick_text(asked, "displayName") or ""
        marks = marks_in(display_name)
        batch = StoredBatch(
            name=f"batches/{batch_id}",
            model=model,
            display_name=display_name,
            entries=entries,
            created=self._wall(),
            looks=int(marks.get("processing") or 1),
            fails="fail" in marks,
            is_inline=file_name is None,
        )
        return self.batches.put(batch_id, batch).describe()

    def look(self, batch_id: str, *, base_url: str) -> Json:
        """Return a batch, one look nearer to its end."""
        batch = self.batches.find(batch_id)
        if batch.state not in _OVER:
            batch.looks -= 1
            batch.state = "RUNNING"
            if batch.looks < 0:
                self._finish(batch, base_url)
        return batch.describe()

    def cancel(self, batch_id: str) -> Json:
        """Stop a batch that has not ended."""
        batch = self.batches.find(batch_id)
        if batch.state in _OVER:
            raise GeminiRefusedError(400, f"{batch.name} is {batch.state} already.")
        batch.state = "CANCELLED"
        return {}

    def _finish(self, batch: StoredBatch, base_url: str) -> None:
        batch.state = "FAILED" if batch.fails else "SUCCEEDED"
        if batch.fails:
            return
        answers = [self._answer(batch.model, entry) for entry in batch.entries]
        batch.failed = sum("error" in answer for answer in answers)
        if batch.is_inline:
            batch.output = {"inlinedResponses": {"inlinedResponses": answers}}
            return
        lines = "".join(f"{dump(answer)}\n" for answer in answers).encode()
        file = self._files.generate(lines, mime_type="application/jsonl", base_url=base_url)
        batch.output = {"responsesFile": file.name}

    def _answer(self, model: str, entry: Json) -> Json:
        kept = {name: value for name in ("key", "metadata") if (value := pick(entry, name)) is not None}
        try:
            asked = read_generation(model, pick_object(entry, "request"))
        except GeminiRefusedError as refused:
            return {**kept, "error": operation_error(refused.http, refused.message)}
        answer = whole_answer(reply_to(asked))
        self._bill(answer.usage)
        return {**kept, "response": answer.payload}


def _read_lines(data: bytes) -> list[Json]:
    try:
        lines = [json.loads(line) for line in data.splitlines() if line.strip()]
    except ValueError:
        raise invalid_argument("batch.inputConfig.fileName", "the file is not made of JSON lines") from None
    return [as_object(line, "line") for line in lines]
