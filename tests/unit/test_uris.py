"""URIs of places for artifacts and addresses of HTTP servers."""

import pytest

from trackside.core import uris
from trackside.core.errors import Invalid


def test_valid_addresses_of_http_servers(subtests: pytest.Subtests) -> None:
    cases = [
        "http://127.0.0.1:1",
        "https://host:65535/path?query#part",
        "HTTPS://Host",
        "http://user:secret@host/",
        "http://[::1]:5000",
        "http://" + "a" * 63,
        "http://xn--bcher-kva.example",
        "http://bücher.example",
        "http://F-7f",
    ]
    for address in cases:
        with subtests.test(address=address):
            parts = uris.http_parts(address)

            assert parts is not None
            assert parts.geturl() == address.replace("HTTPS", "https")


def test_invalid_addresses_of_http_servers(subtests: pytest.Subtests) -> None:
    cases = [
        "",
        "host",
        "ftp://host",
        "http:",
        "http://",
        "http:///path",
        "https://:80",
        "http://host:0",
        "https://host:0",
        "http://host:65536",
        "http://host:port",
        "http://a b",
        "http://a\x7fb",
        "http://a\\b",
        "http://a..b",
        "http://" + "a" * 64,
        "http://[::1",
    ]
    for address in cases:
        with subtests.test(address=address):
            assert uris.http_parts(address) is None


def test_valid_artifact_locations(subtests: pytest.Subtests) -> None:
    cases = [
        "",
        "relative/folder",
        "../beside",
        "/a/folder",
        "file:///a/folder",
        "file://localhost/a",
        "s3://bucket/a..b?region=x",
        "s3://" + "a" * (uris.MAX_PLACE_CHARS - 5),
    ]
    for place in cases:
        with subtests.test(place=place):
            assert uris.check_place(place) == place


def test_invalid_artifact_locations(subtests: pytest.Subtests) -> None:
    cases = [
        ("s3://" + "a" * (uris.MAX_PLACE_CHARS - 4), "Invalid artifact path length"),
        ("http://[::1", "Invalid artifact location 'http://\\[::1'"),
        ("runs:/0/model", "cannot be a runs:/ URI"),
        ("s3://bucket/a#b", "can't include fragments or params"),
        ("s3://bucket/a;b", "can't include fragments or params"),
        ("s3://bucket/a?b=..", "Invalid query string"),
        ("s3://bucket/a?b=%2e%2E", "Invalid query string"),
        ("file://elsewhere/a", "names the host 'elsewhere'"),
        ("s3://bucket/a/../b", "'..' is not allowed"),
        ("s3://bucket/a/%2e%2e/b", "'..' is not allowed"),
    ]
    for place, message in cases:
        with subtests.test(place=place, message=message), pytest.raises(Invalid, match=message):
            uris.check_place(place)
