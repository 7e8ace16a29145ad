"""Files by signed URLs of each kind of store: transfers are complete or absent, and repeated when a URL expires."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.databricks.store import AWS, AZURE, GOOGLE, LAKE
from support.databricks.workspace import TOKEN, Databricks
from support.links import add, check, link, log, put_file, settle, until
from support.processes.servers import Server
from trackside.artifacts.local import LocalBlobs
from trackside.artifacts.roots import Spot
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected
from trackside.sync.entities import Entity
from trackside.sync.local import files
from trackside.sync.local.files import OpenFile
from trackside.sync.remote.databricks import signed_urls, store_requests
from trackside.sync.remote.databricks.files import DatabricksFiles
from trackside.sync.remote.databricks.signed_urls import SignedFile
from trackside.sync.remote.mlflow.shapes import decoded
from trackside.sync.remote.port import BrokenCopy

LINK = "lakehouse"
KIB = 1 << 10
MIB = 1 << 20
STORES = [AWS, GOOGLE, AZURE, LAKE]


@pytest.fixture
def remote(databricks: Databricks) -> Iterator[DatabricksFiles]:
    http = HttpClient(databricks.url, Secret(token=TOKEN))
    yield DatabricksFiles(http, lambda entity, remote_id: "")
    http.close()


@pytest.fixture
def folder(tmp_path: Path) -> Spot:
    return Spot(LocalBlobs(tmp_path / "blobs"), "files")


def source(folder: Spot, content: bytes) -> OpenFile:
    files.put(Spot(folder.blobs, f"{folder.key}/f.bin"), [content])
    return stored(folder)


def stored(folder: Spot) -> OpenFile:
    return OpenFile(Spot(folder.blobs, f"{folder.key}/f.bin"))


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 1000], ids=["empty", "some"])
def test_a_file_goes_to_each_kind_of_store_and_comes_back(
    databricks: Databricks, remote: DatabricksFiles, run: str, folder: Spot, kind: str, content: bytes
) -> None:
    databricks.store.kind = kind
    with source(folder, content) as given:
        sent = remote.send(Entity.RUN, run, "a/ü.bin", given)
    with closing(remote.get(Entity.RUN, run, "a/ü.bin")) as incoming:
        back = b"".join(incoming)

    assert back == content
    assert sent.sha256 == files.sha256([content])
    assert remote.all_of(Entity.RUN, run).keys() == {"a/ü.bin"}
    assert databricks.store.asked.count("GET") == 1  # the store said that all had come: nothing was read back


@pytest.mark.parametrize("kind", [AZURE, LAKE])
def test_a_large_file_goes_to_azure_in_parts(databricks: Databricks, run: str, folder: Spot, kind: str) -> None:
    databricks.store.kind = kind
    databricks.store.most_bytes = 256 * KIB
    content = bytes(range(256)) * 4100
    with source(folder, content) as given, closing(file(databricks, run)) as parts:
        sent = parts.send(given)

    assert databricks.files[run, "f.bin"] == content
    assert sent.is_checked
    assert len([what for what in databricks.store.asked if what in ("PUT block", "PATCH append")]) == 5


@pytest.mark.slow
def test_files_above_azures_limit_are_sent_in_blocks(
    databricks: Databricks, remote: DatabricksFiles, run: str, folder: Spot
) -> None:
    databricks.store.kind = AZURE
    assert databricks.store.most_bytes == signed_urls.AT_ONCE_BYTES == 64 * MIB
    with source(folder, b"x" * (64 * MIB + 1)) as given:
        remote.send(Entity.RUN, run, "f.bin", given)

    assert databricks.store.asked == ["GET blocklist", "PUT block", "PUT block", "PUT block", "PUT blocklist"]
    assert len(databricks.files[run, "f.bin"]) == 64 * MIB + 1


@pytest.mark.parametrize("can_look", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_large_file_goes_on_at_azure_where_it_broke_off(
    databricks: Databricks, run: str, folder: Spot, can_look: bool
) -> None:
    databricks.store.kind = AZURE
    databricks.store.lists_blocks = can_look
    content = bytes(range(256)) * 4096
    source(folder, content)
    with stored(folder) as given, closing(file(databricks, run)) as first:

        def beat() -> None:
            databricks.store.cut_in = int(databricks.store.asked.count("PUT block") == 2)

        given.beat = beat
        with pytest.raises(RemoteUnavailable):
            first.send(given)
    before = databricks.store.asked.count("PUT block")
    databricks.store.cut_in = 0
    with stored(folder) as given, closing(file(databricks, run)) as second:
        second.send(given)

    assert before == 2
    assert databricks.store.asked.count("PUT block") - before == (2 if can_look else 4)
    assert databricks.files[run, "f.bin"] == content


@pytest.mark.parametrize("kind", STORES)
def test_an_expired_signed_url_is_requested_again(
    databricks: Databricks, remote: DatabricksFiles, run: str, folder: Spot, kind: str
) -> None:
    databricks.store.kind = kind
    databricks.store.expired = 1
    with source(folder, b"abc") as given:
        remote.send(Entity.RUN, run, "f.bin", given)
    databricks.store.expired = 1
    with closing(remote.get(Entity.RUN, run, "f.bin")) as incoming:
        assert b"".join(incoming) == b"abc"

    databricks.store.expired = 2
    with source(folder, b"abc") as given, pytest.raises(RequestRejected, match="signed just now does not let in"):
        remote.send(Entity.RUN, run, "f.bin", given)


@pytest.mark.parametrize("kind", [AWS, GOOGLE])
def test_a_file_is_read_back_if_the_store_returns_no_checksum(
    databricks: Databricks, remote: DatabricksFiles, run: str, folder: Spot, kind: str
) -> None:
    databricks.store.kind = kind
    databricks.store.says_sums = False
    with source(folder, b"abc") as given:
        remote.send(Entity.RUN, run, "f.bin", given)
    assert databricks.store.asked == ["PUT", "GET"]

    databricks.store.spoil = 1
    with source(folder, b"abc") as given, pytest.raises(BrokenCopy, match=r"f\.bin arrived with the SHA-256") as broken:
        remote.send(Entity.RUN, run, "f.bin", given)
    assert broken.value.size_bytes == 3
    databricks.store.lose = 1
    del databricks.files[run, "f.bin"]
    with (
        source(folder, b"abc") as given,
        pytest.raises(RemoteUnavailable, match="was sent and is missing on the remote"),
    ):
        remote.send(Entity.RUN, run, "f.bin", given)


# Over a link


@pytest.mark.parametrize(
    "fault", ["shorten", *(pytest.param(fault, marks=pytest.mark.slow) for fault in ("lose", "spoil"))]
)
def test_an_incompletely_stored_file_is_sent_again(server: Server, databricks: Databricks, fault: str) -> None:
    databricks.store.says_sums = fault != "spoil"
    here = server.api.new_workspace("north")
    run = here.new_run()
    put_file(here, run, "good.bin", b"fine")
    put_file(here, run, "odd.bin", b"0123456789" * 100)
    setattr(databricks.store, fault, 2)
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode="both")

    until(lambda: getattr(databricks.store, fault) == 0, "the store to lose what it was sent")
    settle(here, LINK)

    copy = databricks.run_of(run)["info"]["run_id"]
    assert databricks.files[copy, "odd.bin"] == b"0123456789" * 100
    assert databricks.files[copy, "good.bin"] == b"fine"
    assert check(here, LINK) == []
    assert [entry for entry in log(here, LINK) if entry["kind"] == "conflict"] == []


def test_a_refused_url_stops_its_run_but_not_the_link(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    stuck, other = here.new_run(start_time=1), here.new_run(start_time=2)
    put_file(here, stuck, "a.bin", b"x")
    databricks.store.expired = 1_000_000
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN)

    until(lambda: log(here, LINK) != [], "the reason to be said")
    until(lambda: other in databricks.sources(), "the other run to be sent")

    assert "last_error" not in link(here, LINK)
    assert "does not let in" in log(here, LINK)[0]["message"]
    assert log(here, LINK)[0]["entity_id"] == stuck


@pytest.mark.parametrize("kind", [AWS, *(pytest.param(each, marks=pytest.mark.slow) for each in (AZURE, LAKE))])
def test_a_download_that_breaks_off_is_resumed(server: Server, databricks: Databricks, kind: str) -> None:
    databricks.store.kind = kind
    here = server.api.new_workspace("north")
    run = here.new_run()
    put_file(here, run, "out.bin", b"\x01" * 3_000_000)
    calls = databricks._calls()
    experiment = calls["POST", "experiments/create"]({"name": "/Shared/e"})["experiment_id"]
    theirs = calls["POST", "runs/create"]({"experiment_id": experiment, "start_time": 1})["run"]["info"]["run_id"]
    databricks.files[theirs, "in.bin"] = b"\x02" * 3_000_000
    databricks.store.cut_in = databricks.store.cut_out = 1
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode="both")

    until(lambda: link(here, LINK)["mirrored"].get("run") == 2, "both runs to be mirrored")
    settle(here, LINK)
    until(lambda: check(here, LINK) == [], "both to be the same:", said=lambda: check(here, LINK))

    assert databricks.files[databricks.run_of(run)["info"]["run_id"], "out.bin"] == b"\x01" * 3_000_000
    assert databricks.store.cut_in == databricks.store.cut_out == 0


def file(databricks: Databricks, run: str) -> SignedFile:
    """Of that run, with parts of 256 KiB."""

    def sign() -> store_requests.Signed:
        told = databricks.store.signed(databricks.url, "write", run, "f.bin")
        return store_requests.signed(decoded(store_requests.Credential, told))

    return SignedFile(sign, CancelToken(), at_once=256 * KIB, block=256 * KIB)
