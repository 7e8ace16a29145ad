"""Downloads while slow clients use up the memory for answers."""

import json

import msgspec

from support.client import Api, Inside
from trackside import app
from trackside.artifacts.blobs import PIECE_BYTES
from trackside.core.http.outbox import ROOM_BYTES
from trackside.core.settings import Settings
from trackside.metrics.series import pack

JSON = {"content-type": "application/json"}
PLACE = "/api/2.0/mlflow-artifacts/artifacts/0/room"


def test_a_download_without_free_memory_is_refused_unless_the_file_is_small(sqlite_settings: Settings) -> None:
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


def test_archives_exports_and_points_without_free_memory_are_refused(sqlite_settings: Settings) -> None:
    application = app.build(sqlite_settings)
    inside = Inside(application.asgi)
    api = Api(inside)
    run_id = api.new_run()
    points = msgspec.msgpack.encode({"run_id": run_id, "series": {"m": pack([(i, i, 0.5) for i in range(10_000)])}})
    api.ask("POST", "/api/trackside/v1/sync/points", points)
    place = api.run(run_id)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{place}/note.txt", b"x")
    outbox = application.asgi.outbox
    asked = [
        ("GET", f"/api/trackside/v1/artifacts/zip?run_id={run_id}", b""),
        ("POST", "/api/trackside/v1/runs/export", json.dumps({"experiment_ids": ["0"]}).encode()),
        ("GET", f"/api/trackside/v1/sync/points?run_id={run_id}&key=m", b""),
    ]

    def statuses() -> list[int]:
        return [api.ask(method, path, body, headers=JSON).status for method, path, body in asked]

    free = statuses()
    outbox.note("a client that does not read", ROOM_BYTES, lambda: None)
    full = statuses()
    inside.close()
    application.close()

    assert (free, full) == ([200] * 3, [429] * 3)
