"""Signed URLs of files: each opens one file, and a changed URL opens none."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from trackside.azure import blob
from trackside.core.errors import Denied

KEY = b"k" * 32
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def query_of(path: str, mode: str = blob.READ) -> dict[str, list[str]]:
    return parse_qs(urlsplit(blob.address("http://host", KEY, "uid", "run-x", path, mode, NOW)).query)


def test_a_signed_url_opens_its_file_until_it_expires() -> None:
    made = blob.address("http://host", KEY, "uid", "run-x", "a b/c.txt", blob.WRITE, NOW)
    query = parse_qs(urlsplit(made).query)

    assert unquote(urlsplit(made).path) == f"/{blob.HOST}/run-x/a b/c.txt"
    assert blob.granted(query, KEY, "uid", "run-x", "a b/c.txt", NOW).mode == blob.WRITE
    with pytest.raises(Denied, match="ended"):
        blob.granted(query, KEY, "uid", "run-x", "a b/c.txt", NOW + blob.LIFE + timedelta(seconds=1))


def test_a_changed_signed_url_is_refused(subtests: pytest.Subtests) -> None:
    cases: list[dict[str, list[str]]] = [
        {"sp": ["cw"]},
        {"se": ["2999-01-01T00:00:00Z"]},
        {"skoid": ["x"]},
        {"sig": ["x"]},
        {"sig": []},
    ]
    for change in cases:
        with subtests.test(change=change):
            query = {name: values for name, values in (query_of("f") | change).items() if values}

            with pytest.raises(Denied, match="signature"):
                blob.granted(query, KEY, "uid", "run-x", "f", NOW)


def test_a_signed_url_of_a_path_with_line_breaks_opens_no_other_file() -> None:
    until = "2999-01-01T00:00:00Z"
    query = query_of(f"f\ncw\n{until}\nx")
    rest = "\n".join(["x", *(query[name][0] for name in ("sp", "se", "skoid"))])

    with pytest.raises(Denied, match="signature"):
        blob.granted(query | {"sp": ["cw"], "se": [until], "skoid": [rest]}, KEY, "uid", "run-x", "f", NOW)
