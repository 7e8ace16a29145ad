"""JWTs that are exchanged for a token: their claims, and refused ones."""

import base64
import json

import pytest

from trackside.identity.exchange import LIFE_S, Exchange

NOW_MS = 1_800_000_000_000
KEY = b"k" * 32


def claims(jwt: str) -> dict[str, object]:
    part = jwt.split(".")[1]
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def test_clients_read_expiry_and_tenant_from_the_token() -> None:
    jwt, ends = Exchange(lambda: KEY).issue(b"digest", NOW_MS, "https://management.azure.com")

    assert ends == NOW_MS // 1000 + LIFE_S
    assert claims(jwt)["exp"] == ends
    assert claims(jwt)["tid"]
    assert claims(jwt)["aud"] == "https://management.azure.com"


def test_an_exchanged_token_is_valid_until_it_expires() -> None:
    exchange = Exchange(lambda: KEY)
    jwt, ends = exchange.issue(b"\x00digest", NOW_MS, "")
    found = exchange.read(jwt, NOW_MS)

    assert found is not None
    assert (found.digest, found.until_ms) == (b"\x00digest", ends * 1000)
    assert exchange.read(jwt, ends * 1000 + 1) is None


def test_an_exchanged_token_is_invalid_after_its_token_was_revoked() -> None:
    _, ends = Exchange(lambda: KEY).issue(b"d", NOW_MS, "", until_ms=NOW_MS + 60_000)

    assert ends == NOW_MS // 1000 + 60


def test_a_changed_character_is_refused(subtests: pytest.Subtests) -> None:
    for at in range(0, 400, 7):
        with subtests.test(at=at):
            exchange = Exchange(lambda: KEY)
            jwt, _ = exchange.issue(b"digest", NOW_MS, "audience")
            at %= len(jwt) - 1  # the last character of a signature has bits that nobody reads
            changed = jwt[:at] + ("A" if jwt[at] != "A" else "B") + jwt[at + 1 :]

            assert exchange.read(changed, NOW_MS) is None


NESTED = base64.urlsafe_b64encode(b'{"a":' + b"[" * 2000).decode().rstrip("=")  # deeper than a JSON parser goes


def test_garbage_is_refused(subtests: pytest.Subtests) -> None:
    cases = [
        "",
        "a.b.c",
        "eyJ.eyJ.",
        "eyJ..",
        "e" * 5000,
        "é.é.é",
        "eyJhbGciOiJub25lIn0.e30.",
        f"{NESTED}.e30.x",
    ]
    for text in cases:
        with subtests.test(text=text):
            assert Exchange(lambda: KEY).read(text, NOW_MS) is None


def test_a_token_of_another_server_is_refused() -> None:
    jwt, _ = Exchange(lambda: b"other" * 8).issue(b"digest", NOW_MS, "")

    assert Exchange(lambda: KEY).read(jwt, NOW_MS) is None
