from __future__ import annotations

import jwt
import pytest

from viber.sandbox._keys import role_key, sign_claims, user_key

SECRET = "a secret of thirty-two bytes or more"
NOW = 1_800_000_000.0


def decode(token: str, *, verify_exp: bool = False) -> dict[str, object]:
    options = {"verify_exp": verify_exp, "verify_aud": False, "verify_iat": False}
    claims: dict[str, object] = jwt.decode(token, SECRET, algorithms=["HS256"], options=options)
    return claims


def test_a_signed_token_is_accepted_by_another_implementation() -> None:
    """What is signed here is a JWT that a foreign library verifies."""
    assert decode(sign_claims({"role": "anon", "name": "Zoë"}, secret=SECRET)) == {
        "role": "anon",
        "name": "Zoë",
    }


def test_a_token_of_another_secret_is_refused() -> None:
    """The signature depends on the secret."""
    with pytest.raises(jwt.InvalidSignatureError):
        decode(sign_claims({"role": "anon"}, secret=SECRET[::-1]))


def test_a_short_secret_is_refused() -> None:
    """HS256 wants a secret of at least 32 bytes (RFC 7518, section 3.2)."""
    with pytest.raises(ValueError, match="32 bytes"):
        sign_claims({}, secret="s" * 31)


def test_a_role_key_lasts_ten_years() -> None:
    """A project key names its role and lives for years."""
    claims = decode(role_key("service_role", secret=SECRET, now=NOW))
    assert claims["role"] == "service_role"
    assert claims["exp"] == NOW + 3650 * 86_400


def test_a_user_key_carries_the_user() -> None:
    """A user's token says who it is, in which role, and until when."""
    claims = decode(user_key("u-1", role="authenticated", secret=SECRET, now=NOW, expires_in=60))
    assert (claims["sub"], claims["role"], claims["exp"]) == ("u-1", "authenticated", NOW + 60)


def test_a_negative_lifetime_gives_an_expired_token() -> None:
    """A token may be born expired, and was then issued no later than it expired."""
    token = user_key("u-1", role="authenticated", secret=SECRET, now=1_000_000, expires_in=-3600)
    assert decode(token)["iat"] == decode(token)["exp"] == 996_400
    with pytest.raises(jwt.ExpiredSignatureError):
        decode(token, verify_exp=True)
