"""Many runs in one body: documents, points and small files."""

import hashlib
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from support.client import Api, Reply
from support.links import get_file, put_file
from trackside.metrics.series import pack
from trackside.sync.api.bundles import MAX_ENTRIES

BUNDLE = "/api/trackside/v1/sync/bundle"
NAN = float("nan")


def bundle(api: Api, *entries: Any) -> Reply:
    return api.ask("POST", BUNDLE, msgspec.msgpack.encode(entries), headers={"content-type": "application/msgpack"})


def run(run_id: str, *put: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    return {"entity": "run", "id": run_id, "experiment_id": "0", "put": put, **more}


def file(path: str, body: bytes, sha256: str = "") -> dict[str, Any]:
    return {"path": path, "sha256": sha256 or hashlib.sha256(body).hexdigest(), "body": body}


@pytest.mark.both
def test_a_bundle_brings_runs_with_points_and_files(api: Api) -> None:
    points = [(0, 1, 0.5), (1, 2, NAN)]
    entries = [
        run(
            each,
            ("name", "", each),
            ("param", "lr", "0.1"),
            ("status", "", "FINISHED"),
            series={"m": pack(points), "n": pack(points[:1])},
            files=[file("a/ü", each.encode()), file("empty", b"")],
        )
        for each in ("r2", "r1")
    ]

    replies = [bundle(api, *entries) for _ in range(2)]

    assert [(reply.status, reply.json) for reply in replies] == [(200, {})] * 2
    for each in ("r1", "r2"):
        info = api.run(each)["info"]
        assert (info["run_name"], info["status"], api.params(each)) == (each, "FINISHED", {"lr": "0.1"})
        assert api.history(each, "m") == [(0, 1, 0.5), (1, 2, "NaN")]
        assert api.history(each, "n") == [(0, 1, 0.5)]
        assert (get_file(api, each, "a/ü"), get_file(api, each, "empty")) == (each.encode(), b"")


def test_the_parts_of_a_bundle_about_one_run_are_applied_in_order(api: Api) -> None:
    reply = bundle(
        api,
        run("r1", ("tag", "t", "first")),
        run("r0"),
        run("r1", ("tag", "t", "second"), drop=[("tag", "gone")]),
        {"entity": "run", "id": "r1", "series": {"m": pack([(0, 1, 2.0)])}},
    )

    assert reply.status == 200
    assert (api.tags("r1")["t"], api.history("r1", "m")) == ("second", [(0, 1, 2.0)])


def test_a_bundle_brings_a_logged_model_with_its_files(api: Api) -> None:
    run_id = api.new_run()
    put = [("name", "", "net"), ("source_run", "", run_id), ("status", "", "READY"), ("param", "depth", "3")]

    reply = bundle(
        api, {"entity": "logged_model", "id": "m-1", "experiment_id": "0", "put": put, "files": [file("MLmodel", b"x")]}
    )

    info = api.get("logged-models/m-1")["model"]["info"]
    place = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert (reply.status, info["name"], info["status"]) == (200, "net", "LOGGED_MODEL_READY")
    assert api.ask("GET", f"/api/2.0/mlflow-artifacts/artifacts/{place}/MLmodel").body == b"x"


def test_a_bundle_that_is_refused_changes_no_run(api: Api) -> None:
    there = api.new_run()

    reply = bundle(
        api, run("r1", ("tag", "t", "v")), run(there, ("tag", "t", "v")), run("r2", ("status", "", "ASLEEP"))
    )

    assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "ASLEEP" in reply.json["message"]
    assert api.fault("runs/get", method="GET", run_id="r1")[0] == 404
    assert "t" not in api.tags(there)


def test_a_file_that_was_damaged_in_transfer_is_not_stored(api: Api) -> None:
    first, second = api.new_run(), api.new_run()

    reply = bundle(
        api,
        {"entity": "run", "id": first, "files": [file("f", b"1", "0" * 64)]},
        {"entity": "run", "id": second, "files": [file("f", b"2")]},
    )

    assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "SHA-256" in reply.json["message"]
    assert api.get("artifacts/list", run_id=first).get("files") is None
    assert get_file(api, second, "f") == b"2"


def test_a_bundle_with_a_mistake_is_refused_with_its_reason(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[Any, str]] = [
        (run(""), "id"),
        ({"entity": "run", "id": "r", "put": [("tag", "a", "b")]}, "experiment_id"),
        ({"entity": "experiment", "id": "0"}, "entity is experiment"),
        ({"entity": "what", "id": "0"}, "no MessagePack of a bundle"),
        ({"entity": "logged_model", "id": "m-1", "series": {"m": b""}}, "series are of a logged_model"),
        (run("r", series={"m": b"123"}), "24 bytes"),
        (run("r", ("tag", "a", "b\0")), "NUL"),
        (run("r", ("start_time", "", "soon")), "start_time"),
        (run("r", files=[file("", b"")]), "no path"),
        (run("r", ("tag", "a", "b"), files=[file("./", b"")]), "no path"),
        (run("r", ("tag", "a", "b"), files=[file("../f", b"")]), "Invalid path"),
        (run("r", ("colour", "", "red")), "colour"),
        (run("r", ("tag", "a")), "no MessagePack of a bundle"),  # type: ignore[arg-type]  # what a caller may send
    ]

    for entry, words in cases:
        with subtests.test(entry=entry):
            reply = bundle(sqlite_api, entry)

            assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
            assert words in reply.json["message"]


def test_a_body_that_is_no_bundle_is_refused(sqlite_api: Api) -> None:
    for body in (b"", b"{}", b"\xc1", b"\x91" * 2000, msgspec.msgpack.encode([run("r")] * (MAX_ENTRIES + 1))):
        reply = sqlite_api.ask("POST", BUNDLE, body)
        assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_a_file_with_an_invalid_path_is_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    run_id = sqlite_api.new_run()
    put_file(sqlite_api, run_id, "kept", b"1")

    for path in (".", "./", "%2e", "/."):
        with subtests.test(path=path):
            where = "/api/trackside/v1/sync/file?" + urlencode({"entity": "run", "id": run_id, "path": path})

            replies = [sqlite_api.ask(method, where, b"") for method in ("PUT", "DELETE")]

            said = [(each.status, each.json["error_code"]) for each in replies]
            assert said == [(400, "INVALID_PARAMETER_VALUE")] * 2
            assert get_file(sqlite_api, run_id, "kept") == b"1"


@pytest.mark.both
def test_a_bundle_reaches_no_other_workspace(api: Api) -> None:
    run_id = api.new_run(tags=[{"key": "t", "value": "north"}])
    south = api.new_workspace("south")

    for more in ({"series": {"m": pack([(0, 1, 2.0)])}}, {"files": [file("f", b"mine")]}):
        assert bundle(south, {"entity": "run", "id": run_id, **more}).status == 404

    assert api.get("artifacts/list", run_id=run_id).get("files") is None
    assert api.run(run_id)["data"].get("metrics") is None
