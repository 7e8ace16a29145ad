"""Requests with the head of an earlier one of their connection (core/http/direct.py): the comparison of heads."""

from typing import Any

import pytest
from msgspec.structs import replace

from trackside.core.access import ALL_RIGHTS, OPEN, Visit
from trackside.core.http.direct import MOST_BYTES, Head, Plain, QueryRepeat, Repeat, repeat_of

BEFORE = b"POST /a HTTP/1.1\r\nHost: here\r\nContent-Length: "
AFTER = b"\r\nAuthorization: Bearer one\r\n\r\n"


def head_of(raw: bytes, most_bytes: int = MOST_BYTES) -> Head:
    lines = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    method, target, _ = lines[0].split(b" ")
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines[1:])]
    length_at = next((at for at, (name, _) in enumerate(headers) if name == b"content-length"), -1)
    route: Any = None
    plain = Plain(route, method.decode(), target.decode(), b"", None, dict(headers), Visit(OPEN, ALL_RIGHTS, False, ""))
    return Head(method, target, headers, most_bytes, length_at, None, 0, plain)


def repeat(data: bytes, most_bytes: int = MOST_BYTES) -> Repeat:
    found = repeat_of(head_of(data, most_bytes), data)
    assert isinstance(found, Repeat)
    return found


def test_a_request_with_the_same_head_has_another_body(subtests: pytest.Subtests) -> None:
    cases = [b"", b"{}", b"x" * 123, b"GET / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"]
    for body in cases:
        with subtests.test(body=body):
            known = repeat(BEFORE + b"2" + AFTER + b"{}")

            assert known.body_in(BEFORE + b"%d" % len(body) + AFTER + body) == body


def test_other_requests_are_left_to_the_parser(subtests: pytest.Subtests) -> None:
    cases = [
        b"",
        BEFORE + b"2" + AFTER,  # the body comes later
        BEFORE + b"2" + AFTER + b"{",
        BEFORE + b"2" + AFTER + b"{}P",  # the next request has begun
        BEFORE + b"2" + AFTER + b"{}" + BEFORE + b"2" + AFTER + b"{}",
        BEFORE + b"" + AFTER,
        BEFORE + b" 2" + AFTER + b"{}",
        BEFORE + b"+2" + AFTER + b"{}",
        BEFORE + b"2 " + AFTER + b"{}",
        BEFORE + b"0x2" + AFTER + b"{}",
        BEFORE + b"2, 2" + AFTER + b"{}",
        BEFORE + "²".encode() + AFTER + b"{}",
        BEFORE + b"000000002" + AFTER + b"{}",
        BEFORE + b"2\r\nX: y" + AFTER + b"{}",
        BEFORE + b"2" + AFTER.replace(b"one", b"two") + b"{}",
        BEFORE.replace(b"/a", b"/b") + b"2" + AFTER + b"{}",
        BEFORE + b"%d" % (MOST_BYTES + 1) + AFTER + bytes(MOST_BYTES + 1),
    ]
    for data in cases:
        with subtests.test(data=data):
            assert repeat(BEFORE + b"2" + AFTER + b"{}").body_in(data) is None


def test_a_body_over_the_limit_of_the_route_is_left_to_the_parser() -> None:
    known = repeat(BEFORE + b"2" + AFTER + b"{}", most_bytes=3)

    assert known.body_in(BEFORE + b"3" + AFTER + b"123") == b"123"
    assert known.body_in(BEFORE + b"4" + AFTER + b"1234") is None


def test_the_length_is_found_however_a_client_writes_it(subtests: pytest.Subtests) -> None:
    for space in [b"", b" ", b"  "]:
        for name in [b"content-length", b"Content-Length", b"CONTENT-LENGTH"]:
            with subtests.test(space=space, name=name):
                raw = b"POST /a HTTP/1.1\r\nx-content-length: 7\r\n%s:%s2\r\n\r\n"

                assert repeat(raw % (name, space) + b"{}").body_in(raw % (name, space) + b"{}") == b"{}"


def test_a_head_without_length_and_query_is_cached_completely() -> None:
    raw = b"GET /a HTTP/1.1\r\nHost: here\r\n\r\n"
    known = repeat(raw)

    assert known.body_in(raw) == b""
    assert known.body_in(raw + b"x") is None
    assert known.body_in(raw.replace(b"/a", b"/a?b=2")) is None


def asked(query: bytes, line: bytes = b"GET /a?%s HTTP/1.1") -> bytes:
    return line % query + b"\r\nHost: here\r\n\r\n"


def test_a_request_with_the_same_head_has_another_query(subtests: pytest.Subtests) -> None:
    cases = [b"b=1", b"b=2", b"", b"b=%41+c&b=x:y,z&d=~-_.", b"b=" + b"x" * 4000]
    for query in cases:
        with subtests.test(query=query):
            known = repeat_of(head_of(asked(b"b=1")), asked(b"b=1"))
            assert isinstance(known, QueryRepeat)

            found = known.request_in(asked(query))

            assert found == (replace(known.head.plain, query=query), b"")


def test_a_query_that_a_parser_might_read_otherwise_is_left_to_it(subtests: pytest.Subtests) -> None:
    cases = [
        b"",
        asked(b"b=1")[:-1],
        asked(b"b=1") + b"x",
        asked(b"b=1") + asked(b"b=1"),
        asked(b"b=1") + asked(b"b=2"),
        asked(b"b=1 c"),
        asked(b"b=1#c"),
        asked(b"b=1\tc"),
        asked(b"b=1?c"),
        asked(b"b=1\r\nX: y"),
        asked(b"b=\x00"),
        asked("b=é".encode()),
        asked(b"b=" + b"x" * 5000),
        asked(b"b=1", b"GET /b?%s HTTP/1.1"),
        asked(b"b=1", b"HEAD /a?%s HTTP/1.1"),
        asked(b"b=1", b"GET /a?%s HTTP/1.0"),
        b"GET /a HTTP/1.1\r\nHost: here\r\n\r\n",
        b"\r\n" + asked(b"b=1"),
        b"GET /a? HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}",
    ]
    for data in cases:
        with subtests.test(data=data):
            known = repeat_of(head_of(asked(b"b=1")), asked(b"b=1"))

            assert known is not None
            assert known.request_in(data) is None


def test_a_query_before_a_body_is_cached_completely() -> None:
    raw = b"DELETE /a?b=1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
    known = repeat(raw)

    assert known.body_in(raw) == b"{}"
    assert known.body_in(raw.replace(b"b=1", b"b=2")) is None


@pytest.mark.parametrize("data", [b"\r\n\r\n" + BEFORE + b"2" + AFTER + b"{}", b"\r\n" + BEFORE + b"2" + AFTER + b"{}"])
def test_a_head_after_empty_lines_is_not_cached(data: bytes) -> None:
    assert repeat_of(head_of(BEFORE + b"2" + AFTER), data) is None


def test_a_length_in_another_form_is_not_cached() -> None:
    data = b"POST /a HTTP/1.1\r\nContent-Length:\t2\r\n\r\n{}"

    assert repeat_of(head_of(data), data) is None
