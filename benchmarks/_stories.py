"""Streamed answers of known size, as Gemini sends them."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Story:
    """A stream of so many events of so many bytes; the name of the model says which one is wanted."""

    model: str
    events: int
    size: int

    @property
    def title(self) -> str:
        return f"{self.events} event{'s' * (self.events > 1)} of {self.size} bytes"

    @property
    def path(self) -> str:
        return f"/v1beta/models/{self.model}:streamGenerateContent"

    @property
    def pieces(self) -> list[bytes]:
        return [self.event(number) for number in range(self.events)]

    @property
    def letters(self) -> int:
        """What a client has to find in the texts."""
        return sum(piece.count(b"z") for piece in self.pieces)

    def event(self, number: int) -> bytes:
        bare = self._event(number, "")
        return self._event(number, "z" * max(0, self.size - len(bare)))

    def _event(self, number: int, text: str) -> bytes:
        candidate: dict[str, object] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
        if number == self.events - 1:
            candidate["finishReason"] = "STOP"
        usage = {"promptTokenCount": 8, "candidatesTokenCount": number, "totalTokenCount": number + 8}
        payload = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": self.model}
        return b"data: %b\r\n\r\n" % json.dumps(payload).encode()
