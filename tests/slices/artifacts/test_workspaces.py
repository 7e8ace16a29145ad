"""Isolation: a workspace cannot reach the artifacts of another by any way to address it."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from support.processes.artifact_server import Server

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
NAMES = ["default", "north", "south"]
PAIRS = list(itertools.permutations(NAMES, 2))


def test_equal_paths_in_two_workspaces_are_separate_files(
    server: Server, place: str, subtests: pytest.Subtests
) -> None:
    for name in NAMES:
        with subtests.test(name=name):
            for each in NAMES:
                server.ask("PUT", f"{place}/file", each.encode(), workspace=each)

            assert server.ask("GET", f"{place}/file", workspace=name).body == name.encode()
            assert server.ask("DELETE", f"{place}/file", workspace=name).status == 200
            for other in NAMES:
                assert server.ask("GET", f"{place}/file", workspace=other).status == (404 if other == name else 200)


def test_files_are_stored_where_mlflow_expects_them(server: Server, place: str) -> None:
    key = place.removeprefix(PROXY + "/")
    for each in NAMES:
        server.ask("PUT", f"{place}/file", b"1", workspace=each)

    kept = [name for name in server.files() if name.endswith(f"{key}/file")]

    assert kept == [f"{key}/file", f"workspaces/north/{key}/file", f"workspaces/south/{key}/file"]


def test_a_workspace_may_name_itself_in_the_path_or_leave_it_out(server: Server, place: str) -> None:
    key = place.removeprefix(PROXY + "/")
    server.ask("PUT", f"{place}/short", b"1", workspace="north")
    server.ask("PUT", f"{PROXY}/workspaces/north/{key}/long", b"2", workspace="north")

    for prefix in ("", "workspaces/north/"):
        assert server.ask("GET", f"{PROXY}/{prefix}{key}/short", workspace="north").body == b"1"
        assert server.ask("GET", f"{PROXY}/{prefix}{key}/long", workspace="north").body == b"2"
        listed = server.ask("GET", f"{PROXY}?path={prefix}{key}", workspace="north").json["files"]
        assert [entry["path"] for entry in listed] == ["long", "short"]


def test_a_run_of_a_workspace_names_a_uri_that_leads_to_its_files(server: Server) -> None:
    run = server.new_run("north")
    path = run["artifact_uri"].removeprefix("mlflow-artifacts:/")

    assert path.startswith("workspaces/north/")
    assert server.ask("PUT", f"{PROXY}/{path}/file", b"1", workspace="north").status == 200

    query = urlencode({"run_id": run["run_id"], "path": "file"})
    assert server.ask("GET", f"/get-artifact?{query}", workspace="north").body == b"1"
    assert server.ask("GET", f"/ws/north/get-artifact?{query}").body == b"1"
    assert server.ask("GET", f"/ws/north{PROXY}/{path}/file").body == b"1"


def test_no_path_leads_to_another_workspace(server: Server, place: str, subtests: pytest.Subtests) -> None:
    forms = ["workspaces/{}/{}", "workspaces%2f{}/{}", "./workspaces//{}/{}", "%77orkspaces/{}/{}"]
    key = place.removeprefix(PROXY + "/") + "/file"

    for own, other in PAIRS:
        for form in forms:
            with subtests.test(own=own, other=other, form=form):
                server.ask("PUT", f"{PROXY}/{key}", b"theirs", workspace=other)
                path = form.format(other, key)

                replies = [
                    server.ask("GET", f"{PROXY}/{path}", workspace=own),
                    server.ask("HEAD", f"{PROXY}/{path}", workspace=own),
                    server.ask("GET", f"{PROXY}?path={path}", workspace=own),
                    server.ask("GET", f"{PROXY}?path={quote(form.format(other, ''))}", workspace=own),
                    server.ask("PUT", f"{PROXY}/{path}", b"mine", workspace=own),
                    server.ask("DELETE", f"{PROXY}/{path}", workspace=own),
                    server.ask("POST", f"/api/2.0/mlflow-artifacts/mpu/create/{path}", workspace=own),
                    server.ask("GET", f"/api/2.0/mlflow-artifacts/presigned/{path}", workspace=own),
                ]

                assert [reply.status for reply in replies] == [400] * len(replies)
                assert server.ask("GET", f"{PROXY}/{key}", workspace=other).body == b"theirs"


def test_the_folder_of_workspaces_belongs_to_no_workspace(server: Server, subtests: pytest.Subtests) -> None:
    for path in ("workspaces", "workspaces/", "WORKSPACES/north/x", "work\u017fpaces/north/x"):
        with subtests.test(path=path):
            for own in NAMES:
                assert server.ask("GET", f"{PROXY}/{quote(path)}", workspace=own).status == 400
                assert server.ask("GET", f"{PROXY}?path={quote(path)}", workspace=own).status == 400


def test_a_path_of_another_workspace_is_refused_with_the_reason(server: Server) -> None:
    assert server.ask("GET", f"{PROXY}/workspaces/south/0/x", workspace="north").fault == (
        400,
        "INVALID_PARAMETER_VALUE",
        "Artifact path targets workspace 'south' but the workspace specified in the request is 'north'.",
    )


def test_no_run_is_found_from_another_workspace(server: Server, subtests: pytest.Subtests) -> None:
    for own, other in PAIRS:
        with subtests.test(own=own, other=other):
            run = server.new_run(other)["run_id"]
            query = urlencode({"run_id": run, "run_uuid": run, "path": "file"})

            replies = [
                server.ask("GET", f"/get-artifact?{query}", workspace=own),
                server.ask("GET", f"/api/2.0/mlflow/artifacts/list?{query}", workspace=own),
                server.ask("POST", f"/ajax-api/2.0/mlflow/upload-artifact?{query}", b"1", workspace=own),
                server.post("/api/2.0/mlflow/artifacts/presigned-download-url", workspace=own, run_id=run, path="file"),
            ]

            assert [reply.status for reply in replies] == [404] * 4


def test_no_artifact_location_leads_to_another_workspace(server: Server, place: str, subtests: pytest.Subtests) -> None:
    schemes = ["mlflow-artifacts:/", "mlflow-artifacts://anywhere/", "http://any:1" + PROXY + "/", "file"]
    key = place.removeprefix(PROXY + "/")

    for own, other in PAIRS:
        for scheme in schemes:
            with subtests.test(own=own, other=other, scheme=scheme):
                theirs = key if other == "default" else f"workspaces/{other}/{key}"
                base = scheme if scheme != "file" else server.store.as_uri() + "/"
                run = server.new_run(own, name=f"to {base}{theirs}", artifact_location=f"{base}{theirs}")
                server.ask("PUT", f"{place}/{run['run_id']}/artifacts/file", b"theirs", workspace=other)

                query = urlencode({"run_id": run["run_id"], "path": "file", "run_uuid": run["run_id"]})
                got = server.ask("GET", f"/get-artifact?{query}", workspace=own)
                listed = server.ask("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run['run_id']}", workspace=own)
                put = server.ask("POST", f"/ajax-api/2.0/mlflow/upload-artifact?{query}", b"mine", workspace=own)

                # A proxied location that names no workspace leads to the caller's own, as every path of the proxy does.
                assert got.body != b"theirs"
                assert listed.json.get("files") is None
                assert server.ask("GET", f"{place}/{run['run_id']}/artifacts/file", workspace=other).body == b"theirs"
                if other != "default" or scheme == "file":
                    assert (got.status, put.status, listed.status) == (400, 400, 400)


def test_local_roots_are_separated_by_workspace_like_the_proxy(
    tmp_path_factory: pytest.TempPathFactory, start: Any
) -> None:
    folder = tmp_path_factory.mktemp("roots")
    with start(folder, "--default-artifact-root", str(folder / "roots")) as served:
        served.call("workspaces", version="3.0", name="north")
        run = served.new_run("north")
        Path(run["artifact_uri"]).mkdir(parents=True)
        (Path(run["artifact_uri"]) / "file").write_text("theirs")
        above = served.new_run(name="above", artifact_location=str(folder / "roots" / "workspaces" / "north"))
        around = served.new_run(name="around", artifact_location=str(folder))

        query = urlencode({"run_id": run["run_id"], "path": "file"})
        assert served.ask("GET", f"/get-artifact?{query}", workspace="north").body == b"theirs"
        assert run["artifact_uri"].startswith(str(folder / "roots" / "workspaces" / "north"))
        for other, status in ((above, 400), (around, 403)):
            listed = served.ask("GET", f"/api/2.0/mlflow/artifacts/list?run_id={other['run_id']}")
            assert listed.status == status


@pytest.fixture(autouse=True)
def untouched(server: Server) -> Iterator[None]:
    """Whatever a test tries, no file appears outside of the three workspaces' own parts."""
    yield
    for name in server.files():
        top, _, rest = name.partition("/")
        assert top != "workspaces" or rest.partition("/")[0] in NAMES
