from __future__ import annotations

pytest_plugins = ["viber.testing.plugin"]
