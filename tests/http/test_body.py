"""Decompression is the same at any chunking, and bounded."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import TransportError
from viber.http._body import Body

PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw": lambda plain: zlib.compress(plain, wbits=-15),
    "members": lambda plain: gzip.compress(plain[:7]) + b"\0\0" + gzip.compress(plain[7:]) + b"\0",
    "identity": bytes,
}


def body(name: str, limit: int | None) -> Body:
    encoding = {"raw": "deflate", "members": "gzip"}.get(name, name)
    return Body({"content-encoding": encoding}, limit=limit, where="host:1")


@given(
    plain=st.binary(max_size=200) | st.builds(bytes.__mul__, st.binary(max_size=5), st.integers(0, 5000)),
    name=st.sampled_from(sorted(PACKERS)),
    size=st.integers(1, 40),
    slack=st.integers(0, 3) | st.none(),
)
def test_any_chunking(plain: bytes, name: str, size: int, slack: int | None) -> None:
    """However the bytes are cut, the plain body is the same, also when the limit fits it exactly."""
    packed = PACKERS[name](plain)
    reader = body(name, None if slack is None else len(plain) + slack)
    read = b"".join(reader.feed(packed[at : at + size]) for at in range(0, len(packed), size))
    reader.finish()
    assert read == plain


@given(
    plain=st.binary(min_size=1, max_size=300), name=st.sampled_from(sorted(PACKERS)), size=st.integers(1, 40)
)
def test_one_byte_too_many(plain: bytes, name: str, size: int) -> None:
    """One byte above the limit is refused, and never more than that byte is unfolded."""
    packed = PACKERS[name](plain)
    reader = body(name, len(plain) - 1)
    with pytest.raises(TransportError) as caught:
        b"".join(reader.feed(packed[at : at + size]) for at in range(0, len(packed), size))
    assert caught.value.code == "transport.too_large"


@given(plain=st.binary(max_size=300), cut=st.integers(1, 300), name=st.sampled_from(["gzip", "deflate"]))
def test_a_cut_is_noticed(plain: bytes, cut: int, name: str) -> None:
    """A compressed body that ends too early is damaged; only an empty one is not."""
    packed = PACKERS[name](plain)
    reader = body(name, None)
    cut = min(cut, len(packed) - 1)
    reader.feed(packed[:-cut])
    with pytest.raises(TransportError) as caught:
        reader.finish()
    assert caught.value.code == "transport.encoding"
