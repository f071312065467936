from __future__ import annotations

import pytest

from viber.errors import Delivery, InvalidRequestError
from viber.services.supabase import SupabaseConfig
from viber.services.supabase.wire._credentials import Credentials
from viber.services.supabase.wire._endpoint import Endpoint


def endpoint(**config: object) -> Endpoint:
    settings = SupabaseConfig(**{"url": "https://p.example/", "anon_key": "anon"} | config)  # type: ignore[arg-type]
    return Endpoint.of(settings, Credentials("the-key", "the-token"))


def test_a_read_is_a_get_with_credentials_in_headers() -> None:
    """The key and the token are in headers, and nowhere in the URL."""
    request = endpoint().read("orders", "id=eq.1")
    assert (request.method, request.url, request.body) == (
        "GET",
        "https://p.example/rest/v1/orders?id=eq.1",
        None,
    )
    assert dict(request.headers) == {
        "apikey": "the-key",
        "authorization": "Bearer the-token",
        "accept": "application/json",
    }


def test_a_write_says_what_it_sends_and_prefers() -> None:
    """JSON, and the Prefer header only where there is a preference."""
    request = endpoint().write("POST", "orders", prefer="return=minimal", body=b"{}")
    headers = dict(request.headers)
    assert (headers["content-type"], headers["prefer"]) == ("application/json", "return=minimal")
    assert "prefer" not in dict(endpoint().write("POST", "rpc/f", body=b"{}").headers)


def test_another_schema_is_named_in_the_profile() -> None:
    """Accept-Profile on a read, Content-Profile on everything else, neither for the default."""
    shop = endpoint(db_schema="shop")
    assert dict(shop.read("t", "").headers)["accept-profile"] == "shop"
    assert dict(shop.write("POST", "t").headers)["content-profile"] == "shop"
    assert not [name for name, _ in endpoint().read("t", "").headers if "profile" in name]


def test_a_url_that_is_too_long_is_refused_with_advice() -> None:
    """Before anything is sent, since a gateway would refuse it with less to say."""
    with pytest.raises(InvalidRequestError, match=r"in_\(\)") as caught:
        endpoint(max_url_length=256).read("t", "id=in.(" + "1," * 200 + "1)")
    assert caught.value.delivery is Delivery.NOT_SENT


def test_an_endpoint_shows_no_credentials() -> None:
    """Nor do its requests."""
    assert "the-" not in repr(endpoint())
    assert "the-" not in repr(endpoint().read("t", ""))
