"""Headers of proxies are accepted only from listed proxies."""

from typing import Any

import pytest

from trackside.core.http.forwarded import Forwarded


def scope(client: str, *headers: tuple[str, str]) -> dict[str, Any]:
    return {
        "client": (client, 1),
        "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }


FORGED = (("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https"))


def test_headers_of_a_client_that_is_not_a_listed_proxy_are_ignored() -> None:
    for trusted in ((), ("10.0.0.1",)):
        found = Forwarded(trusted)

        assert found.address(scope("192.0.2.7", *FORGED)) == "192.0.2.7"
        assert not found.is_secure(scope("192.0.2.7", *FORGED))


def test_a_listed_proxy_sets_the_address_of_the_client(subtests: pytest.Subtests) -> None:
    cases = [
        ("192.0.2.7", "192.0.2.7"),
        ("1.2.3.4, 192.0.2.7", "192.0.2.7"),  # what the client itself claims comes before what the proxy adds
        ("192.0.2.7, 10.0.0.9", "192.0.2.7"),
        ("10.0.0.8, 10.0.0.9", "10.0.0.8"),
        ("2001:db8::1", "2001:db8::1"),
        ("1.2.3.4, nonsense", "10.0.0.1"),
        ("", "10.0.0.1"),
    ]
    for hops, address in cases:
        with subtests.test(hops=hops, address=address):
            found = Forwarded(["10.0.0.0/8"])

            assert found.address(scope("10.0.0.1", ("x-forwarded-for", hops))) == address


def test_a_listed_proxy_sets_the_scheme_of_the_client() -> None:
    found = Forwarded(["10.0.0.1"])

    assert found.is_secure(scope("10.0.0.1", ("x-forwarded-proto", "https")))
    assert not found.is_secure(scope("10.0.0.1", ("x-forwarded-proto", "https, http")))
    assert not found.is_secure(scope("10.0.0.1"))
    assert Forwarded().is_secure({**scope("192.0.2.7"), "scheme": "https"})
