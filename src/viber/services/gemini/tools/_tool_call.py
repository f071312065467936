"""What became of one call that the model asked for."""

from dataclasses import dataclass, field

from viber.services.gemini.content._json import Json


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call: what was asked, what the model was told, and the error that it was told of, if one."""

    name: str
    args: Json
    response: Json
    """What the model was told."""
    seconds: float = field(default=0.0, compare=False)
    """How long it took."""
    error: Exception | None = field(default=None, compare=False)
    """Why it failed: raised by the tool, its time limit, or the check of its arguments."""
