"""The files of a run: through the proxy, in a local folder, and at locations that the server does not open."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from support.processes.artifact_server import Reply, Server

PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture(scope="module")
def direct_server(tmp_path_factory: pytest.TempPathFactory, start: Any) -> Iterator[Server]:
    """Its runs' artifacts are in a folder that clients write to by themselves."""
    folder = tmp_path_factory.mktemp("direct")
    with start(folder, "--default-artifact-root", (folder / "roots").as_uri()) as served:
        served.call("workspaces", version="3.0", name="north")
        yield served


@pytest.fixture(params=["proxied", "direct"])
def either(request: pytest.FixtureRequest) -> Server:
    server: Server = request.getfixturevalue("server" if request.param == "proxied" else "direct_server")
    return server


def test_a_file_is_uploaded_listed_and_read(either: Server) -> None:
    run = either.new_run()

    assert _upload(either, run["run_id"], "folder/a b.txt", b"hello").status == 200
    assert _upload(either, run["run_id"], "top.bin", b"").fault == (
        400,
        "INVALID_PARAMETER_VALUE",
        "Request must specify data.",
    )

    assert _listed(either, run_id=run["run_id"]).json == {
        "root_uri": run["artifact_uri"],
        "files": [{"path": "folder", "is_dir": True}],
    }
    assert _listed(either, run_uuid=run["run_id"], path="folder").json == {
        "root_uri": run["artifact_uri"],
        "files": [{"path": "folder/a b.txt", "is_dir": False, "file_size": 5}],
    }
    got = _got(either, run_uuid=run["run_id"], path="folder/a b.txt")
    assert (got.status, got.body, got.headers["content-type"]) == (200, b"hello", "text/plain")
    assert got.headers["content-disposition"] == 'attachment; filename="a b.txt"'


def test_a_missing_folder_of_a_run_has_an_empty_listing(either: Server) -> None:
    run = either.new_run()

    for path in ("", ".", "nowhere", "no/where"):
        assert _listed(either, run_id=run["run_id"], path=path).json == {"root_uri": run["artifact_uri"]}
    assert _got(either, run_id=run["run_id"], path="nothing").status == 404


def test_the_ui_path_lists_files(server: Server) -> None:
    run = server.new_run()
    _upload(server, run["run_id"], "a", b"1")

    assert server.ask("GET", f"/ajax-api/2.0/mlflow/artifacts/list?run_id={run['run_id']}").json == {
        "root_uri": run["artifact_uri"],
        "files": [{"path": "a", "is_dir": False, "file_size": 1}],
    }


def test_a_folder_of_a_run_is_not_served_as_a_file(either: Server) -> None:
    run = either.new_run()
    _upload(either, run["run_id"], "folder/file", b"1")

    for path in ("folder", "."):
        refused = _got(either, run_id=run["run_id"], path=path)
        assert (refused.status, refused.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert "refers to a directory, not a file" in refused.json["message"]


def test_a_path_out_of_a_run_is_refused(either: Server) -> None:
    run = either.new_run()
    wanted = (400, "INVALID_PARAMETER_VALUE", "Invalid path")

    for path in ("../path", "a/../../b", "/etc/passwd", "%2e%2e/x", "%252e%252e/x", "a\\b", "file:///etc/passwd"):
        assert _listed(either, run_id=run["run_id"], path=path).fault == wanted
        assert _got(either, run_id=run["run_id"], path=path).fault == wanted
        assert _upload(either, run["run_id"], path, b"1").fault == wanted


def test_a_missing_field_is_named(server: Server) -> None:
    run = server.new_run()["run_id"]
    hint = "See the API docs for more information about request parameters."

    assert _listed(server).fault[2] == f"Missing value for required parameter 'run_id'. {hint}"
    assert _got(server, path="a").fault[2] == f"Missing value for required parameter 'run_id'. {hint}"
    assert _got(server, run_id=run).fault[2] == f"Missing value for required parameter 'path'. {hint}"
    assert server.ask("POST", "/ajax-api/2.0/mlflow/upload-artifact").fault[2] == "Request must specify run_uuid."
    assert _upload(server, run, "", b"1").fault[2] == "Request must specify path."


def test_an_unknown_run_is_not_found(server: Server) -> None:
    wanted = (404, "RESOURCE_DOES_NOT_EXIST", "Run with id=nobody not found")

    assert _listed(server, run_id="nobody").fault == wanted
    assert _got(server, run_id="nobody", path="a").fault == wanted
    assert _upload(server, "nobody", "a", b"1").fault == wanted


def test_an_upload_from_the_ui_has_a_limit(server: Server) -> None:
    run = server.new_run()["run_id"]

    assert _upload(server, run, "most", b"x" * (10 << 20)).status == 200
    for headers in ({}, {"transfer_encoding": "chunked"}):
        body = b"x" * ((10 << 20) + 1)
        if headers:
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        refused = server.ask("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=more", body, **headers)
        assert refused.fault == (400, "INVALID_PARAMETER_VALUE", "Artifact size is too large. Max size is 10MB.")
    assert [entry["path"] for entry in _listed(server, run_id=run).json["files"]] == ["most"]


def test_a_deleted_run_keeps_its_files(server: Server) -> None:
    run = server.new_run()["run_id"]
    _upload(server, run, "a", b"1")
    server.call("runs/delete", run_id=run)

    assert _got(server, run_id=run, path="a").body == b"1"


def test_a_separate_artifact_location_is_served_through_the_proxy(server: Server) -> None:
    run = server.new_run(name="custom", artifact_location="mlflow-artifacts:/my/place")

    _upload(server, run["run_id"], "a", b"1")

    assert server.ask("GET", f"{PROXY}/my/place/{run['run_id']}/artifacts/a").body == b"1"


def test_the_server_opens_only_locations_that_the_operator_allows(either: Server, subtests: pytest.Subtests) -> None:
    locations = ["file:///etc", "/etc", "s3://somebodys/bucket", "hdfs://there/x", "dbfs:/x"]

    for location in locations:
        with subtests.test(location=location):
            run = either.new_run(name=f"out {location}", artifact_location=location)

            for reply in (
                _listed(either, run_id=run["run_id"]),
                _got(either, run_id=run["run_id"], path="passwd"),
                _upload(either, run["run_id"], "new", b"1"),
            ):
                assert (reply.status, reply.json["error_code"]) == (403, "PERMISSION_DENIED")
                assert "outside the roots that the server serves" in reply.json["message"]


def test_a_link_out_of_a_local_root_is_not_followed(direct_server: Server, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    run = direct_server.new_run()
    root = Path(run["artifact_uri"].removeprefix("file://"))
    root.mkdir(parents=True)
    (root / "file").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path)

    assert _listed(direct_server, run_id=run["run_id"]).json == {"root_uri": run["artifact_uri"]}
    for path in ("file", "folder/secret"):
        assert _got(direct_server, run_id=run["run_id"], path=path).fault[2] == "Invalid path"
    assert _listed(direct_server, run_id=run["run_id"], path="folder").fault[2] == "Invalid path"
    assert _upload(direct_server, run["run_id"], "folder/new", b"1").status == 400
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret"]


def test_an_upload_leaves_nothing_but_the_file_in_a_local_root(direct_server: Server) -> None:
    run = direct_server.new_run()

    _upload(direct_server, run["run_id"], "file", b"1")

    root = Path(run["artifact_uri"].removeprefix("file://"))
    assert [path.name for path in root.iterdir()] == ["file"]


def test_presigned_urls_are_refused_with_the_reason(server: Server, direct_server: Server) -> None:
    for kind, words in (
        ("upload", "Presigned upload is not supported for proxied artifact storage"),
        ("download", "Presigned download is not supported for runs with proxied artifact storage"),
    ):
        proxied = _presigned(server, kind, run_id=server.new_run()["run_id"], path="a")
        assert (proxied.status, proxied.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert proxied.json["message"].startswith(f"{words} (artifact URI scheme: mlflow-artifacts).")
        assert _presigned(direct_server, kind, run_id=direct_server.new_run()["run_id"], path="a").fault == (
            501,
            "NOT_IMPLEMENTED",
            f"Presigned {kind} is not supported for the current artifact repository",
        )
        assert _presigned(server, kind, run_id="x", path="../a").fault[2] == "Invalid path"
        assert _presigned(server, kind, run_id="nobody", path="a").status == 404
        assert "'path'" in _presigned(server, kind, run_id="x").fault[2]
    assert _presigned(server, "upload", path="a").fault[2] == "Exactly one of run_id and model_id must be provided."
    assert "'run_id'" in _presigned(server, "download", path="a").fault[2]


def _upload(server: Server, run_id: str, path: str, body: bytes) -> Reply:
    query = urlencode({"run_uuid": run_id, "path": path})
    return server.ask("POST", f"/ajax-api/2.0/mlflow/upload-artifact?{query}", body)


def _listed(server: Server, **arguments: str) -> Reply:
    return server.ask("GET", f"/api/2.0/mlflow/artifacts/list?{urlencode(arguments)}")


def _got(server: Server, **arguments: str) -> Reply:
    return server.ask("GET", f"/get-artifact?{urlencode(arguments)}")


def _presigned(server: Server, kind: str, **arguments: str) -> Reply:
    return server.post(f"/api/2.0/mlflow/artifacts/presigned-{kind}-url", **arguments)
