from __future__ import annotations

from typing import Literal

ProcessName = Literal["postgres", "postgrest"]
Action = Literal["stop", "start", "kill", "freeze", "thaw", "restart"]
