"""Headers of downloads, conditional requests and ranges."""

from email.utils import formatdate, parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import pytest

from support.processes.artifact_server import Server

SIZE = 1_000_000
BODY = (bytes(range(251)) * (SIZE // 251 + 1))[:SIZE]


@pytest.fixture
def url(server: Server, place: str) -> str:
    server.ask("PUT", f"{place}/file.bin", BODY)
    return f"{place}/file.bin"


def test_a_range_request_gets_the_part(server: Server, url: str, subtests: pytest.Subtests) -> None:
    cases = [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=10-19", 10, 20),
        ("Bytes = 10 - 19", 10, 20),
        ("bytes=999990-", SIZE - 10, SIZE),
        ("bytes=999990-99999999999999999999999", SIZE - 10, SIZE),
        ("bytes=-10", SIZE - 10, SIZE),
        ("bytes=-99999999", 0, SIZE),
    ]

    for asked, start, stop in cases:
        with subtests.test(asked=asked):
            reply = server.ask("GET", url, range=asked)

            assert reply.status == 206
            assert reply.headers["content-range"] == f"bytes {start}-{stop - 1}/{SIZE}"
            assert reply.headers["content-length"] == str(stop - start)
            assert reply.body == BODY[start:stop]


def test_a_range_after_the_end_cannot_be_satisfied(server: Server, url: str, subtests: pytest.Subtests) -> None:
    asked_for = ["bytes=1000000-", "bytes=2000000-3000000", "bytes=-0", f"bytes={'9' * 4000}-"]

    for asked in asked_for:
        with subtests.test(asked=asked):
            reply = server.ask("GET", url, range=asked)

            assert (reply.status, reply.body) == (416, b"")
            assert reply.headers["content-range"] == f"bytes */{SIZE}"


def test_an_invalid_or_multiple_range_gets_the_whole_file(server: Server, url: str, subtests: pytest.Subtests) -> None:
    asked_for = ["bytes=0-1,5-6", "bytes=5-4", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=", ""]

    for asked in asked_for:
        with subtests.test(asked=asked):
            reply = server.ask("GET", url, range=asked)

            assert (reply.status, reply.body) == (200, BODY)


def test_no_range_of_an_empty_file_can_be_satisfied(server: Server, place: str) -> None:
    server.ask("PUT", f"{place}/empty", b"")

    assert server.ask("GET", f"{place}/empty", range="bytes=0-").status == 416
    assert server.ask("GET", f"{place}/empty").status == 200


def test_the_etag_changes_with_the_bytes(server: Server, url: str) -> None:
    first = server.ask("GET", url).headers["etag"]
    assert server.ask("GET", url).headers["etag"] == first

    server.ask("PUT", url, BODY[::-1])

    second = server.ask("GET", url).headers["etag"]
    assert first != second
    assert not second.startswith("W/")


def test_a_cached_version_is_not_sent_again(server: Server, url: str) -> None:
    etag = server.ask("GET", url).headers["etag"]

    for asked in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        reply = server.ask("GET", url, if_none_match=asked)
        assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", etag)
        assert "content-length" not in reply.headers
    assert server.ask("GET", url, if_none_match='"other"').status == 200


def test_a_version_that_does_not_match_is_not_sent(server: Server, url: str) -> None:
    etag = server.ask("GET", url).headers["etag"]

    for asked, status in ((etag, 200), ("*", 200), ('"other"', 412), (f"W/{etag}", 412)):
        assert server.ask("GET", url, if_match=asked).status == status


def test_conditions_by_date_are_supported(server: Server, url: str) -> None:
    modified = server.ask("GET", url).headers["last-modified"]
    before = formatdate(parsedate_to_datetime(modified).timestamp() - 10, usegmt=True)

    assert server.ask("GET", url, if_modified_since=modified).status == 304
    assert server.ask("GET", url, if_modified_since=before).status == 200
    assert server.ask("GET", url, if_unmodified_since=modified).status == 200
    assert server.ask("GET", url, if_unmodified_since=before).status == 412
    assert server.ask("GET", url, if_modified_since="yesterday").status == 200
    assert server.ask("GET", url, if_modified_since=modified, if_none_match='"other"').status == 200


def test_if_range_sends_a_part_only_of_the_same_version(server: Server, url: str) -> None:
    head = server.ask("HEAD", url).headers
    cases = [
        (head["etag"], 206),
        (head["last-modified"], 206),
        ('"other"', 200),
        (f"W/{head['etag']}", 200),
        (formatdate(0, usegmt=True), 200),
        ("nonsense", 200),
    ]

    for asked, status in cases:
        assert server.ask("GET", url, range="bytes=0-9", if_range=asked).status == status


def test_head_returns_the_headers_of_get(server: Server, url: str) -> None:
    headers: list[dict[str, str]] = [{}, {"range": "bytes=5-9"}, {"range": "bytes=5-9", "if_match": '"other"'}]
    for asked in headers:
        head, got = server.ask("HEAD", url, **asked), server.ask("GET", url, **asked)

        assert (head.status, head.body) == (got.status, b"")
        assert _without_date(head.headers) == _without_date(got.headers)


def test_head_of_a_missing_file_is_not_found(server: Server, place: str) -> None:
    assert server.ask("HEAD", f"{place}/nothing").status == 404


def test_the_type_follows_from_the_name(server: Server, place: str, subtests: pytest.Subtests) -> None:
    cases = [
        ("a.txt", "text/plain"),
        ("MLmodel", "text/plain"),
        ("MLproject", "text/plain"),
        ("conda.yaml", "text/plain"),
        ("train.py", "text/plain"),
        ("data.json", "text/plain"),
        ("notes.ipynb", "text/plain"),
        ("b.pkl", "application/octet-stream"),
        ("c.png", "image/png"),
        ("c.webp", "image/webp"),
        ("d.pdf", "application/pdf"),
        ("page.html", "text/html"),
        ("model.safetensors", "application/octet-stream"),
        ("nothing", "application/octet-stream"),
    ]

    for name, kind in cases:
        with subtests.test(name=name):
            server.ask("PUT", f"{place}/{name}", b"1", content_type="application/x-other")

            assert server.ask("GET", f"{place}/{name}", accept="text/html").headers["content-type"] == kind


def test_a_browser_saves_the_file_under_its_name(server: Server, place: str, subtests: pytest.Subtests) -> None:
    cases = [
        ("a.txt", "attachment; filename=a.txt"),
        ("a+b%20c", 'attachment; filename="a+b c"'),
        ('say "hi".txt', 'attachment; filename="say \\"hi\\".txt"'),
        ("grün.txt", "attachment; filename=grun.txt; filename*=UTF-8''gr%C3%BCn.txt"),
        ("日本", "attachment; filename=download; filename*=UTF-8''%E6%97%A5%E6%9C%AC"),
    ]

    for name, disposition in cases:
        with subtests.test(name=name):
            server.ask("PUT", f"{place}/{quote(name, safe='%')}", b"1")

            reply = server.ask("GET", f"{place}/{quote(name, safe='%')}")

            assert reply.headers["content-disposition"] == disposition


def _without_date(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "date"}
