"""Where the body of an answer ends."""

from __future__ import annotations

import httpcore
import pytest

from viber.http._framing import Body


def test_the_empty_body_is_at_its_end() -> None:
    """Nothing of what comes belongs to it, and the connection is then of no more use."""
    body = Body()
    assert (body.is_done, body.take(b""), body.is_clean) == (True, b"", True)
    assert (body.take(b"HTTP/1.1 200"), body.is_clean) == (b"", False)


def test_a_connection_that_ends_before_the_body_is_told() -> None:
    """Unless a kind of body ends with it."""
    with pytest.raises(httpcore.RemoteProtocolError, match="before the body"):
        Body().end()
