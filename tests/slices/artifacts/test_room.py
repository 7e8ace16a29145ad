"""Downloads while clients that do not read have the room of all answers."""

from support.client import Inside
from trackside import app
from trackside.artifacts.blobs import PIECE_BYTES
from trackside.core.http.outbox import ROOM_BYTES
from trackside.core.settings import Settings

PLACE = "/api/2.0/mlflow-artifacts/artifacts/0/room"


def test_a_download_without_room_is_refused_and_a_small_file_is_not(sqlite_settings: Settings) -> None:
    application = app.build(sqlite_settings)
    inside = Inside(application.asgi)
    large, small = bytes(PIECE_BYTES * 2), b"small"
    for name, body in (("large", large), ("small", small)):
        assert inside.send("PUT", f"{PLACE}/{name}", {}, body).status == 200
    outbox = application.asgi.outbox

    outbox.note("a client that does not read", ROOM_BYTES - PIECE_BYTES + 1, lambda: None)
    full = [inside.send("GET", f"{PLACE}/{name}", {}, b"") for name in ("large", "small")]
    part = inside.send("GET", f"{PLACE}/large", {"range": "bytes=0-99"}, b"")
    outbox.note("a client that does not read", 0, lambda: None)
    free = inside.send("GET", f"{PLACE}/large", {}, b"")
    inside.close()
    application.close()

    assert [each.status for each in full] == [429, 200]
    assert full[0].headers["retry-after"] == "1"
    assert (part.status, len(part.body)) == (206, 100)
    assert (free.status, free.body) == (200, large)
