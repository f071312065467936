"""What people use today, each in the cheapest way that it documents, as candidates for the harness.

Every run puts something new of the peer's around the work and checks each answer, so no run inherits a state.
"""

PACKAGES = (
    "aiobreaker",
    "aiolimiter",
    "anyio",
    "backoff",
    "hyx",
    "interlock-cb",
    "limits",
    "purgatory",
    "pybreaker",
    "pyrate-limiter",
    "pyresilience",
    "redress",
    "stamina",
    "tenacity",
)
"""The distributions whose versions belong beside a table of peers."""
