"""Routes that are loaded after the server listens are answered by the short way too (core/http/direct)."""

from trackside import app
from trackside.core.settings import Settings

HEADERS = [(b"host", b"localhost"), (b"content-type", b"application/x-protobuf"), (b"content-length", b"2")]


def test_small_calls_of_late_routes_go_the_short_way(sqlite_settings: Settings) -> None:
    made = app.build(sqlite_settings, is_partial=True)
    try:
        made.asgi._guard.check({"method": "POST", "headers": HEADERS})
        before = made.asgi.direct.take(b"POST", b"/v1/traces", HEADERS, None)
        made.complete()
        after = made.asgi.direct.take(b"POST", b"/v1/traces", HEADERS, None)
    finally:
        made.close()

    assert before is None
    assert after is not None
    assert after.plain.route.paths == ("/v1/traces",)
