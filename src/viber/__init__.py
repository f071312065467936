"""Await an external API and never hang, never hammer it, never lose or double a write."""
