"""What can go wrong with work that Gemini does in its own time, or in several calls."""

from collections.abc import Sequence
from typing import Unpack

from viber import errors
from viber.errors import BaseError, ErrorFields, GeminiError, Severity


class FileFailedError(GeminiError, errors.InvalidRequestError):
    """Google could not process a file: `details` holds its `name` and `error`."""

    code = "gemini.file_failed"


class BatchFailedError(GeminiError, errors.ServerError):
    """A batch ended without results: `details` holds its `name`, `state` and `error`."""

    code = "gemini.batch_failed"
    retryable = False


class EmbeddingsInterruptedError(BaseError):
    """Some texts are embedded, and others are not; the `__cause__` says why.

    `vectors` has a place for each text, None where there is no vector.

    Example:
        >>> error = EmbeddingsInterruptedError("broke off", vectors=[[0.5], None])
        >>> error.done, error.missing
        ((0,), (1,))
    """

    code = "gemini.embeddings_interrupted"
    severity = Severity.HIGH

    def __init__(
        self,
        message: str = "",
        *,
        vectors: Sequence[list[float] | None] = (),
        **fields: Unpack[ErrorFields],
    ) -> None:
        super().__init__(message, **fields)
        self.vectors: tuple[list[float] | None, ...] = tuple(vectors)

    @property
    def done(self) -> tuple[int, ...]:
        """The places of the texts that have a vector."""
        return tuple(place for place, vector in enumerate(self.vectors) if vector is not None)

    @property
    def missing(self) -> tuple[int, ...]:
        """The places of the texts that have none."""
        return tuple(place for place, vector in enumerate(self.vectors) if vector is None)


def interrupted(vectors: Sequence[list[float] | None], cause: BaseError) -> EmbeddingsInterruptedError:
    """The error of a call that got so far; it may be repeated, for what is missing, if its cause may."""
    return EmbeddingsInterruptedError(
        f"the embedding broke off: {cause.message}",
        vectors=vectors,
        service=cause.service,
        operation=cause.operation,
        request_id=cause.request_id,
        retryable=cause.retryable,
        delivery=cause.delivery,
        attempts=cause.attempts,
        retry_after=cause.retry_after,
        status=cause.status,
        details={"missing": [place for place, vector in enumerate(vectors) if vector is None]},
        suggestion="embed the texts at `missing` again",
    )
