"""Multipart uploads to S3: stored parts are not sent again, and failed uploads leave no parts."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.databricks.workspace import TOKEN, Databricks
from support.links import add, check, link, put_file, settle, until
from support.processes.servers import Server
from trackside.artifacts.local import LocalBlobs
from trackside.artifacts.roots import Spot
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected
from trackside.sync.entities import Entity
from trackside.sync.file_versions import RemoteFile
from trackside.sync.local import files
from trackside.sync.local.files import OpenFile
from trackside.sync.local.resumable_upload import UploadCheckpoint
from trackside.sync.remote.databricks import signed_urls
from trackside.sync.remote.databricks.files import DatabricksFiles
from trackside.sync.remote.port import Unmirrored

LINK = "lakehouse"
KIB = 1 << 10
MIB = 1 << 20
CONTENT = bytes(range(256)) * 4100  # four parts and a bit
PARTS = ["PUT 1", "PUT 2", "PUT 3", "PUT 4", "PUT 5"]


class SmallParts(DatabricksFiles):
    at_once = part = 256 * KIB


@pytest.fixture
def databricks() -> Iterator[Databricks]:
    workspace = Databricks()
    workspace.store.uploads.least_bytes = 256 * KIB
    workspace.store.most_bytes = 256 * KIB
    yield workspace
    workspace.close()


@pytest.fixture
def remote(databricks: Databricks) -> Iterator[DatabricksFiles]:
    http = HttpClient(databricks.url, Secret(token=TOKEN))
    yield SmallParts(http, lambda entity, remote_id: "")
    http.close()


@pytest.fixture
def spot(tmp_path: Path) -> Spot:
    return Spot(LocalBlobs(tmp_path / "blobs"), "files/f.bin")


def send(remote: DatabricksFiles, run: str, spot: Spot, entity: Entity = Entity.RUN) -> RemoteFile:
    """Send a file as after a restart of the server, with only the stored state."""
    with OpenFile(spot, note=UploadCheckpoint(spot.blobs, ("push", run))) as source:
        return remote.send(entity, run, "a/ü.bin", source)


def test_a_large_file_goes_by_parts_and_comes_back(
    databricks: Databricks, remote: DatabricksFiles, run: str, spot: Spot
) -> None:
    files.put(spot, [CONTENT])
    sent = send(remote, run, spot)
    asked = list(databricks.store.asked)
    with closing(remote.get(Entity.RUN, run, "a/ü.bin")) as incoming:
        back = b"".join(incoming)

    assert back == CONTENT
    assert sent.sha256 == files.sha256([CONTENT])
    assert asked == PARTS  # each with its checksum, so nothing was read back
    assert databricks.store.uploads.parts == {}
    assert UploadCheckpoint(spot.blobs, ("push", run)).read() == b""


def test_files_of_a_logged_model_are_uploaded_in_parts(
    databricks: Databricks, remote: DatabricksFiles, spot: Spot
) -> None:
    made = databricks.models.answer("POST", "logged-models")
    assert made is not None
    model = made({"experiment_id": "1", "name": "m"})["model"]["info"]["model_id"]
    files.put(spot, [CONTENT])
    send(remote, model, spot, Entity.LOGGED_MODEL)

    assert databricks.files[model, "a/ü.bin"] == CONTENT
    assert databricks.store.asked == PARTS


@pytest.mark.parametrize("count", [1, 2])
def test_a_part_whose_url_expired_gets_another_url(
    databricks: Databricks, remote: DatabricksFiles, run: str, spot: Spot, count: int
) -> None:
    files.put(spot, [CONTENT])
    databricks.store.expired = count
    if count == 1:
        send(remote, run, spot)
        assert databricks.store.asked == ["PUT 1", *PARTS]
        assert databricks.files[run, "a/ü.bin"] == CONTENT
    else:
        with pytest.raises(RequestRejected, match="signed just now does not let in"):
            send(remote, run, spot)
        assert databricks.store.asked == ["PUT 1", "PUT 1", "DELETE"]

    assert any(path.endswith("get-presigned-upload-part-url") for path in databricks.asked)
    assert databricks.store.uploads.parts == {}


def test_a_part_that_fails_three_times_is_sent_at_last_and_others_once(
    databricks: Databricks, remote: DatabricksFiles, run: str, spot: Spot
) -> None:
    files.put(spot, [CONTENT])
    databricks.store.uploads.failing = {3: 3}
    for _ in range(3):
        with pytest.raises(RemoteUnavailable) as down:
            send(remote, run, spot)
        assert down.value.retry_after_s == 0
    send(remote, run, spot)

    assert databricks.store.asked == ["PUT 1", "PUT 2", *["PUT 3"] * 4, "PUT 4", "PUT 5"]
    assert databricks.files[run, "a/ü.bin"] == CONTENT


def test_a_broken_upload_resumes_at_the_failed_part(
    databricks: Databricks, remote: DatabricksFiles, run: str, spot: Spot
) -> None:
    files.put(spot, [CONTENT])
    databricks.store.cut_part = 3
    with pytest.raises(RemoteUnavailable):
        send(remote, run, spot)
    before = list(databricks.store.asked)
    sent = send(remote, run, spot)

    assert before == ["PUT 1", "PUT 2"]
    assert databricks.store.asked == PARTS
    assert sent.sha256 == files.sha256([CONTENT])


def test_an_upload_ends_if_the_local_file_has_changed(
    databricks: Databricks, remote: DatabricksFiles, run: str, spot: Spot
) -> None:
    files.put(spot, [CONTENT])
    databricks.store.uploads.failing = {2: 1}
    with pytest.raises(RemoteUnavailable):
        send(remote, run, spot)
    (first,) = databricks.store.uploads.parts
    files.put(spot, [CONTENT[::-1]])
    send(remote, run, spot)

    assert databricks.store.uploads.ended == [first]
    assert databricks.store.uploads.parts == {}
    assert databricks.files[run, "a/ü.bin"] == CONTENT[::-1]


def test_an_upload_that_the_store_has_aborted_starts_again(
    databricks: Databricks, remote: DatabricksFiles, run: str, spot: Spot
) -> None:
    files.put(spot, [CONTENT])
    databricks.store.uploads.failing = {4: 1}
    with pytest.raises(RemoteUnavailable):
        send(remote, run, spot)
    databricks.store.uploads.parts.clear()
    send(remote, run, spot)

    assert databricks.files[run, "a/ü.bin"] == CONTENT


def test_an_upload_that_fails_leaves_no_parts(
    databricks: Databricks, remote: DatabricksFiles, run: str, spot: Spot
) -> None:
    files.put(spot, [CONTENT])
    databricks.store.uploads.least_bytes = 1 * MIB
    with pytest.raises(RequestRejected, match="smaller than the minimum"):
        send(remote, run, spot)

    assert databricks.store.uploads.parts == {}
    assert len(databricks.store.uploads.ended) == 1
    assert (run, "a/ü.bin") not in databricks.files
    assert UploadCheckpoint(spot.blobs, ("push", run)).read() == b""


def test_a_file_is_read_back_if_its_parts_have_no_checksum(
    databricks: Databricks, remote: DatabricksFiles, run: str, spot: Spot
) -> None:
    files.put(spot, [CONTENT])
    databricks.store.uploads.sums = False
    send(remote, run, spot)

    assert databricks.store.asked == [*PARTS, "GET"]


def test_without_multipart_uploads_a_file_is_sent_at_once_or_skipped(
    databricks: Databricks, remote: DatabricksFiles, run: str, spot: Spot, tmp_path: Path
) -> None:
    databricks.takes_parts = False
    databricks.store.most_bytes = 64 * MIB
    files.put(spot, [CONTENT])
    send(remote, run, spot)
    assert databricks.store.asked == ["PUT"]

    (tmp_path / "large").mkdir()
    with (tmp_path / "large" / "f.bin").open("wb") as hole:  # nobody has to write five gigabytes
        hole.truncate(signed_urls.S3_MOST_AT_ONCE_BYTES + 1)
    with pytest.raises(
        Unmirrored, match="at most 5368709120 in one request, and the workspace refuses a multipart upload"
    ):
        send(remote, run, Spot(LocalBlobs(tmp_path), "large/f.bin"))
    assert databricks.store.asked == ["PUT"]


@pytest.mark.slow
def test_a_killed_server_goes_on_with_the_part_that_is_missing(
    start: Callable[..., Server], databricks: Databricks
) -> None:
    databricks.store.most_bytes = signed_urls.AT_ONCE_BYTES
    databricks.store.uploads.least_bytes = 5 * MIB
    databricks.store.uploads.failing = {3: 1_000_000}
    server = start()
    server.options = (*server.options, "--port", str(server.port))
    here = server.api.new_workspace("north")
    run = here.new_run()
    content = CONTENT * 68  # beyond what S3 takes at once here
    put_file(here, run, "weights.bin", content)
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN)
    until(lambda: "PUT 3" in databricks.store.asked, "the third part to be tried")
    server.kill9()
    databricks.store.uploads.failing = {}
    server.start()
    here = server.api.within("north")
    settle(here, LINK)

    copy = databricks.run_of(run)["info"]["run_id"]
    assert databricks.files[copy, "weights.bin"] == content
    assert [databricks.store.asked.count(f"PUT {number}") for number in (1, 2)] == [1, 1]
    assert databricks.store.uploads.parts == {}
    assert link(here, LINK)["sent_bytes"] == len(content)
    assert check(here, LINK) == []
