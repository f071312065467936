"""API keys of the Supabase kind: HS256 JSON Web Tokens with the claim ``role`` (RFC 7519, RFC 7515)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Final, Literal

Role = Literal["anon", "authenticated", "service_role"]

_HEADER: Final[Mapping[str, object]] = {"alg": "HS256", "typ": "JWT"}
_TEN_YEARS: Final = 10 * 365 * 86_400
_SHORTEST_SECRET: Final = 32  # bytes: RFC 7518, section 3.2


def sign_claims(claims: Mapping[str, object], *, secret: str) -> str:
    """Return the claims as a compact JWT signed with HS256.

    Raises:
        ValueError: the secret is shorter than 32 bytes.

    Example:
        >>> sign_claims({"role": "anon"}, secret="s" * 32).count(".")
        2
    """
    if len(secret.encode()) < _SHORTEST_SECRET:
        raise ValueError("an HS256 secret has at least 32 bytes")
    signed = f"{_encode_json(_HEADER)}.{_encode_json(claims)}"
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_encode(signature)}"


def role_key(role: Role, *, secret: str, now: float) -> str:
    """Return the project's key for a role, valid for ten years from ``now`` (seconds since the epoch)."""
    issued = int(now)
    claims = {"iss": "supabase", "ref": "sandbox", "role": role, "iat": issued, "exp": issued + _TEN_YEARS}
    return sign_claims(claims, secret=secret)


def user_key(sub: str, *, role: Role, secret: str, now: float, expires_in: float) -> str:
    """Return a signed-in user's access token; a negative ``expires_in`` (seconds) gives an expired one."""
    expires = int(now + expires_in)
    claims = {
        "iss": "supabase",
        "aud": "authenticated",
        "sub": sub,
        "role": role,
        "iat": min(int(now), expires),
        "exp": expires,
    }
    return sign_claims(claims, secret=secret)


def _encode_json(value: Mapping[str, object]) -> str:
    return _encode(json.dumps(value, separators=(",", ":")).encode())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
