"""Artifact roots of workspaces: only at allowed locations, for one workspace, and never over the server's own files."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from support.processes.artifact_server import Reply, Server

OURS = "/api/trackside/v1/workspaces"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, start: Any) -> Iterator[Server]:
    """A server whose operator allowed nothing."""
    with start(tmp_path_factory.mktemp("closed")) as server:
        yield server


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    folder = tmp_path / "allowed"
    folder.mkdir()
    return folder


@pytest.fixture
def opened(tmp_path: Path, start: Any, allowed: Path) -> Iterator[Server]:
    with start(tmp_path, "--allowed-artifact-roots", f"{allowed},s3://team/below") as server:
        yield server


def new_workspace(server: Server, name: str, root: str) -> Reply:
    return server.post(OURS, name=name, default_artifact_root=root)


def put_item(server: Server, workspace: str, item_id: str, experiment_id: str, entity: str = "run") -> Reply:
    put = [["status", "", "RUNNING" if entity == "run" else "READY"]]
    path = "/api/trackside/v1/sync/item"
    return server.post(path, workspace, entity=entity, id=item_id, experiment_id=experiment_id, put=put)


def file_of(server: Server, run_id: str, path: str, workspace: str = "default") -> Reply:
    return server.ask("GET", f"/get-artifact?{urlencode({'run_id': run_id, 'path': path})}", workspace=workspace)


def test_no_caller_can_read_a_file_of_the_servers_user(closed: Server) -> None:
    """A reported attack: a root above all files, and a run with an id that cuts the URI."""
    made = new_workspace(closed, "evil", "file:///")
    experiment = closed.call("experiments/create", name="x", artifact_location="file:///etc")["experiment_id"]

    item = put_item(closed, "default", "?", experiment)

    assert made.status == 400
    assert "--allowed-artifact-roots" in made.json["message"]
    assert (item.status, item.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert file_of(closed, "?", "passwd").status == 404


def test_a_root_is_refused_where_none_is_allowed(closed: Server, subtests: pytest.Subtests) -> None:
    roots = [
        "/",
        "file:///",
        "FILE:///etc",
        "file://localhost/etc",
        "/etc",
        "//etc",
        "/proc/self/root/etc",
        "s3://any-bucket",
        "S3://any",
        "gs://any",
        "az://any/x",
        "abfss://a@b.dfs.core.windows.net/x",
        "http://evil/api/2.0/mlflow-artifacts/artifacts/x",
        "mlflow-artifacts://evil/x",
        "hdfs://x/y",
        "dbfs:/x",
        "ftp://x/y",
        "C:/x",
        "c:\\x",
        "file:///c:\\x",
        "/a\tb",
        "fi\nle:///etc",
        "/\u202e/..",
        "file:///%2e%2e/etc",
        "file:///etc%00",
        "/etc;x",
        "/proc/1/root/x",
        "mlflow-artifacts:/workspaces/south",
        "mlflow-artifacts:/%77orkspaces/x",
        "mlflow-artifacts:/WorkSpaces/x",
        "file:///etc?x",
        "file:///etc#x",
        "s3://a%2f",
        "s3://",
    ]

    for call in (OURS, "/api/3.0/mlflow/workspaces"):
        for root in roots:
            with subtests.test(root=root, call=call):
                reply = closed.post(call, name="north", default_artifact_root=root)

                assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
                assert closed.ask("GET", f"{OURS}/north").status == 404
                changed = closed.ask(
                    "PATCH",
                    f"{OURS}/default",
                    json.dumps({"default_artifact_root": root}).encode(),
                    content_type="application/json",
                )
                assert changed.status == 400


def test_an_id_with_special_characters_is_refused(closed: Server, subtests: pytest.Subtests) -> None:
    item_ids = [
        *(
            "?",
            "#",
            "%3F",
            "..",
            ".",
            "a/b",
            "/etc",
            "a?b",
            "a#b",
            "a%2fb",
            "\\",
            "a\nb",
            " a",
            "ünï",
            "a:b",
            "-a",
            "a" * 251,
        ),
        *(";", "\uffff", "\u2044", "\uff0e\uff0e"),
    ]

    for entity in ("run", "logged_model", "evaluation_dataset"):
        for item_id in item_ids:
            with subtests.test(item_id=item_id, entity=entity):
                reply = put_item(closed, "default", item_id, "0", entity)

                assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_a_root_below_an_allowed_place_is_opened(opened: Server, allowed: Path) -> None:
    made = new_workspace(opened, "north", f"{allowed.as_uri()}//team/./one/")
    run = opened.new_run("north")
    Path(run["artifact_uri"]).mkdir(parents=True)
    (Path(run["artifact_uri"]) / "file").write_text("north's")

    assert made.json["workspace"]["default_artifact_root"] == str(allowed / "team" / "one")
    assert file_of(opened, run["run_id"], "file", "north").body == b"north's"


def test_a_bucket_is_allowed_by_its_prefix(opened: Server) -> None:
    assert new_workspace(opened, "north", "s3://team/below/north").status == 201
    for root in (
        "s3://team",
        "s3://team/below2",
        "s3://team/below/../x",
        "s3://team2/below",
        "s3://key:secret@team/below/x",
    ):
        assert new_workspace(opened, "south", root).status == 400


def test_a_root_belongs_to_one_workspace(opened: Server, allowed: Path, tmp_path: Path) -> None:
    one = allowed / "one"
    one.mkdir()
    assert new_workspace(opened, "north", str(one)).status == 201
    (allowed / "link").symlink_to(one)
    (allowed / "up").symlink_to(allowed)

    for root in (
        f"{one}",
        f"{one}/",
        one.as_uri(),
        f"{one}/below",
        f"{allowed}",
        f"{allowed}/link",
        f"{allowed}/up/one",
        f"{allowed}/ONE",
        f"/proc/self/root{one}",
        f"/proc/self/cwd/../../../../../../../..{one}",
        f"{allowed}/./one",
        f"/{allowed}//one",
    ):
        assert new_workspace(opened, "south", root).status == 400, root
    assert new_workspace(opened, "south", f"{allowed}/other").status == 201


def test_a_root_may_not_be_in_the_servers_own_folders(tmp_path: Path, start: Any) -> None:
    options = ("--allowed-artifact-roots", str(tmp_path), "--default-artifact-root", str(tmp_path / "direct"))
    with start(tmp_path, *options, "--store", f"sqlite:///{tmp_path}/db/store.db") as server:
        (tmp_path / "aside").mkdir()
        (tmp_path / "aside" / "link").symlink_to(tmp_path / "data")
        for own in (
            *("", "data", "data/x", "store", "store/workspaces/south", "direct", "direct/0"),
            *("db", "aside/link", "aside/link/x", "db/store.db"),
        ):
            assert new_workspace(server, "north", str(tmp_path / own)).status == 400, own
        assert new_workspace(server, "north", str(tmp_path / "db2")).status == 201
        assert new_workspace(server, "south", f"/proc/self/root{tmp_path}/store").status == 400


def test_a_root_that_was_replaced_by_a_link_is_not_followed(opened: Server, allowed: Path, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    new_workspace(opened, "north", str(allowed / "north"))
    run = opened.new_run("north")
    folder = Path(run["artifact_uri"])
    folder.mkdir(parents=True)
    (folder / "file").write_text("north's")
    assert file_of(opened, run["run_id"], "file", "north").body == b"north's"
    there = tmp_path / "secrets" / folder.relative_to(allowed / "north")
    there.mkdir(parents=True)
    (there / "file").write_text("secret")

    (allowed / "north").rename(allowed / "away")
    (allowed / "north").symlink_to(tmp_path / "secrets")

    assert file_of(opened, run["run_id"], "file", "north").status == 403
    query = urlencode({"run_uuid": run["run_id"], "path": "file"})
    put = opened.ask("POST", f"/ajax-api/2.0/mlflow/upload-artifact?{query}", b"x", workspace="north")
    assert put.status == 403
    assert (there / "file").read_text() == "secret"


def test_a_root_that_is_no_longer_allowed_is_closed(tmp_path: Path, start: Any, allowed: Path) -> None:
    with start(tmp_path, "--allowed-artifact-roots", str(allowed)) as server:
        new_workspace(server, "north", str(allowed / "north"))
        run = server.new_run("north")
        Path(run["artifact_uri"]).mkdir(parents=True)
        (Path(run["artifact_uri"]) / "file").write_text("north's")

    with start(tmp_path) as server:
        reply = file_of(server, run["run_id"], "file", "north")

    assert reply.status == 403
    assert "--allowed-artifact-roots" in reply.json["message"]


def test_no_workspace_is_given_the_root_of_one_that_was_deleted_with_its_files(opened: Server, allowed: Path) -> None:
    new_workspace(opened, "north", str(allowed / "north"))
    opened.new_run("north")
    assert opened.ask("DELETE", "/api/3.0/mlflow/workspaces/north?mode=CASCADE").status == 204

    assert new_workspace(opened, "north", str(allowed / "north")).status == 400
    assert new_workspace(opened, "north", str(allowed / "north2")).status == 201


def test_a_link_in_a_shared_folder_cannot_reach_another_workspace(tmp_path: Path, start: Any) -> None:
    with start(tmp_path, "--default-artifact-root", str(tmp_path / "direct")) as server:
        server.call("workspaces", version="3.0", name="north")
        theirs, mine = server.new_run("north"), server.new_run()
        for run in (theirs, mine):
            Path(run["artifact_uri"]).mkdir(parents=True)
        (Path(theirs["artifact_uri"]) / "file").write_text("theirs")
        (Path(mine["artifact_uri"]) / "link").symlink_to(theirs["artifact_uri"])

        assert file_of(server, mine["run_id"], "link/file").status == 400
        assert server.ask("GET", f"/api/2.0/mlflow/artifacts/list?run_id={mine['run_id']}").json.get("files") is None


def test_a_location_with_a_query_is_not_opened(closed: Server, subtests: pytest.Subtests) -> None:
    store = quote(str(closed.store).strip("/"))

    for base in ("mlflow-artifacts:/own", f"file:///{store}/own", "s3://x/y"):
        for tail in ("?x=1", "#x", "?", "%3Fx", "?x=1#y"):
            with subtests.test(tail=tail, base=base):
                location = base + tail
                made = closed.post("/api/2.0/mlflow/experiments/create", name=location, artifact_location=location)
                if made.status == 400:  # a fragment: refused when it is made, as on stock
                    continue
                run = closed.call("runs/create", experiment_id=made.json["experiment_id"], start_time=1)["run"]["info"]

                for reply in (
                    file_of(closed, run["run_id"], "file"),
                    closed.ask("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run['run_id']}"),
                ):
                    assert reply.status in (400, 403) if "%" not in tail else reply.status in (200, 403, 404)
