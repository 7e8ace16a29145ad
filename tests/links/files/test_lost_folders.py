"""Files on an unavailable disk do not count as deleted: no copy is removed."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import add, get_file, link, log, put_file, settle, sync, until
from support.processes.servers import Server
from support.runner.variants import crossed
from support.stores import s3 as stand_in
from support.stores.disks import mount, unmount


def touch(api: Api, run_id: str, value: str) -> None:
    api.post("runs/set-tag", run_id=run_id, key="touched", value=value)


def is_touched(api: Api, run_id: str, value: str) -> bool:
    return {"key": "touched", "value": value} in api.run(run_id)["data"].get("tags", [])


def has_file(api: Api, run_id: str, path: str) -> bool:
    return api.ask("GET", "/get-artifact", arguments={"run_uuid": run_id, "path": path}).status == 200


def delete(api: Api, run_id: str, path: str) -> None:
    place = api.run(run_id)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    reply = api.ask("DELETE", f"/api/2.0/mlflow-artifacts/artifacts/{place}/{path}".rstrip("/"))
    assert reply.status == 200, reply


def folder_of(server: Server, run_id: str) -> Path:
    """Where the files of a run lie."""
    found = next(each for each in Path(server.data, "artifacts").rglob(run_id))
    return found / "artifacts"


@crossed(
    "mode loser",
    ["push", "both", "pull"],
    ["here", "there"],
    quick=[("push", "here"), ("pull", "there")],
    slow=["both"],
)
def test_files_that_were_lost_with_their_disk_are_not_deleted_on_the_other_side(
    start: Callable[..., Server], mode: str, loser: str
) -> None:
    """Even if the run continues, and writes more files to the folder of the disk."""
    servers = {"here": start(), "there": start()}
    apis = {name: server.api for name, server in servers.items()}
    source, target = ("there", "here") if mode == "pull" else ("here", "there")
    run = apis[source].new_run()
    put_file(apis[source], run, "a/b.txt", b"precious")
    put_file(apis[source], run, "c.txt", b"precious too")
    add(apis["here"], "l", servers["there"].url, mode=mode)
    settle(apis["here"], "l")
    kept = apis["there" if loser == "here" else "here"]

    unmount(servers[loser])
    put_file(apis[source], run, "new.txt", b"on another disk")
    touch(apis[source], run, "since")
    sync(apis["here"], "l")
    until(lambda: is_touched(apis[target], run, "since") and has_file(apis[target], run, "new.txt"), "it to go over")
    settle(apis["here"], "l")
    sync(apis["here"], "l", verify=True)
    settle(apis["here"], "l")

    assert get_file(kept, run, "a/b.txt") == b"precious"
    assert get_file(kept, run, "c.txt") == b"precious too"


@crossed(
    "mode loser",
    ["push", "both", "pull"],
    ["here", "there"],
    quick=[("both", "here")],
    slow=["push", "pull", "there"],
)
def test_a_folder_that_was_lost_with_its_disk_is_not_deleted_on_the_other_side(
    start: Callable[..., Server], mode: str, loser: str
) -> None:
    """Even if other files of the run are available.  A single missing file in an available folder was removed."""
    servers = {"here": start(), "there": start()}
    apis = {name: server.api for name, server in servers.items()}
    source, target = ("there", "here") if mode == "pull" else ("here", "there")
    run = apis[source].new_run()
    for path in ("a/b.txt", "a/c/d.txt", "e.txt", "f.txt"):
        put_file(apis[source], run, path, b"precious")
    add(apis["here"], "l", servers["there"].url, mode=mode)
    settle(apis["here"], "l")
    kept = apis["there" if loser == "here" else "here"]

    folder = folder_of(servers[loser], run)
    (folder / "a").rename(folder.parent / "lost")
    (folder / "a").mkdir()
    (folder / "e.txt").unlink()
    touch(apis[source], run, "since")
    sync(apis["here"], "l")
    until(lambda: is_touched(apis[target], run, "since"), "it to go over")
    settle(apis["here"], "l")
    if loser == source:
        until(lambda: not has_file(kept, run, "e.txt"), "what was removed to go")
    sync(apis["here"], "l", verify=True)
    settle(apis["here"], "l")

    assert get_file(kept, run, "a/b.txt") == b"precious"
    assert get_file(kept, run, "a/c/d.txt") == b"precious"
    assert get_file(kept, run, "f.txt") == b"precious"


@pytest.mark.slow
@crossed(
    "mode path",
    ["push", "pull"],
    ["a/b.txt", "a", ""],
    quick=[("pull", "a")],
    slow=["push", "a/b.txt", ""],
)
def test_a_removed_object_that_returns_no_longer_counts_as_removed(
    start: Callable[..., Server], mode: str, path: str
) -> None:
    servers = {"here": start(), "there": start()}
    apis = {name: server.api for name, server in servers.items()}
    source, target = ("there", "here") if mode == "pull" else ("here", "there")
    run = apis[source].new_run()
    put_file(apis[source], run, "a/b.txt", b"1")
    put_file(apis[source], run, "a/old.txt", b"1")
    add(apis["here"], "l", servers["there"].url, mode=mode)
    settle(apis["here"], "l")
    delete(apis[source], run, path)
    put_file(apis[source], run, "a/b.txt", b"precious")
    until(  # its removal may go over before it
        lambda: (
            apis[target].ask("GET", "/get-artifact", arguments={"run_uuid": run, "path": "a/b.txt"}).body == b"precious"
        ),
        "it to go over again",
    )
    settle(apis["here"], "l")
    is_there = has_file(apis[target], run, "a/old.txt")

    unmount(servers[source])
    touch(apis[source], run, "since")
    sync(apis["here"], "l")
    until(lambda: is_touched(apis[target], run, "since"), "it to go over")
    settle(apis["here"], "l")

    assert get_file(apis[target], run, "a/b.txt") == b"precious"
    assert is_there is (path == "a/b.txt")


@pytest.mark.slow
def test_restored_files_are_unchanged(start: Callable[..., Server]) -> None:
    here, there = start(), start()
    run = here.api.new_run()
    put_file(here.api, run, "a/b.txt", b"precious")
    add(here.api, "l", there.url)
    settle(here.api, "l")

    unmount(here)
    touch(here.api, run, "lost")
    until(lambda: is_touched(there.api, run, "lost"), "it to go over")
    settle(here.api, "l")
    said = [each["message"] for each in log(here.api, "l") if each["entity_id"] == run]
    mount(here)
    delete(here.api, run, "a/b.txt")
    until(lambda: not has_file(there.api, run, "a/b.txt"), "what was removed in truth to go")

    assert [each.partition(":")[0] for each in said] == ["the remote copy of a/b.txt was kept"]


@pytest.mark.slow
@crossed(
    "mode path",
    ["push", "both", "pull"],
    ["a/b.txt", "a", ""],
    quick=[("both", "a/b.txt")],
    slow=["push", "pull", "a", ""],
)
def test_the_removal_of_the_last_files_of_a_run_reaches_both_sides(
    start: Callable[..., Server], mode: str, path: str
) -> None:
    """One by one, by their folder, or all files of the run at once."""
    servers = {"here": start(), "there": start()}
    apis = {name: server.api for name, server in servers.items()}
    source, target = ("there", "here") if mode == "pull" else ("here", "there")
    run = apis[source].new_run()
    put_file(apis[source], run, "a/b.txt", b"1")
    add(apis["here"], "l", servers["there"].url, mode=mode)
    settle(apis["here"], "l")

    delete(apis[source], run, path)

    until(lambda: not has_file(apis[target], run, "a/b.txt"), "it to go")


@pytest.mark.slow
def test_a_removal_on_one_side_reaches_a_third_side(start: Callable[..., Server]) -> None:
    first, second, third = (start() for _ in range(3))
    run = first.api.new_run()
    put_file(first.api, run, "a/b.txt", b"1")
    add(second.api, "from-first", first.url, mode="pull")
    add(second.api, "to-third", third.url, mode="push")
    until(lambda: has_file(third.api, run, "a/b.txt"), "it to go all the way")

    delete(first.api, run, "a/b.txt")

    until(lambda: not has_file(third.api, run, "a/b.txt"), "it to go there too")


def test_no_copy_is_deleted_when_an_mlflow_server_has_lost_its_disk(
    start: Callable[..., Server],
) -> None:
    """Such a server does not report removals, so remaining files of the run show that its disk is available."""
    here, there = start(), start()
    run = there.api.new_run()
    for name in ("a/b.txt", "c.txt", "d.txt"):
        put_file(there.api, run, name, b"precious")
    with closing(Flaky(there.port)) as stock:
        stock.as_stock()
        add(here.api, "l", stock.url, mode="pull")
        settle(here.api, "l")

        delete(there.api, run, "d.txt")
        sync(here.api, "l")
        until(lambda: not has_file(here.api, run, "d.txt"), "what was removed in truth to go")
        unmount(there)
        touch(there.api, run, "since")
        sync(here.api, "l")
        until(lambda: is_touched(here.api, run, "since"), "it to come")
        settle(here.api, "l")

    assert get_file(here.api, run, "a/b.txt") == b"precious"
    assert get_file(here.api, run, "c.txt") == b"precious"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["push", "both"])
def test_a_bucket_that_does_not_answer_makes_a_run_wait(
    start: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Unreadable files are skipped only temporarily."""
    with stand_in.served() as options:
        bucket = Flaky(int(options["endpoint"].rpartition(":")[2]))
        for name, value in {
            "AWS_ENDPOINT_URL": bucket.url,
            "AWS_REGION": options["region"],
            "AWS_ACCESS_KEY_ID": options["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": options["secret_access_key"],
            "AWS_ALLOW_HTTP": "true",
        }.items():
            monkeypatch.setenv(name, value)
        here = start("--durability", "relaxed", "--artifacts", "s3://artifacts/here")
        there = start()
        run = here.api.new_run()
        put_file(here.api, run, "a/b.txt", b"precious")
        bucket.faults = lambda method, path: "404" if "list-type" in path else None

        add(here.api, "l", there.url, mode=mode)
        until(lambda: any(each["entity_id"] == run for each in log(here.api, "l")), "the link to fail at it")
        is_waiting = link(here.api, "l")["postponed_items"] == 1
        bucket.faults = lambda method, path: None
        sync(here.api, "l")
        until(lambda: has_file(there.api, run, "a/b.txt"), "the file to go over")
        bucket.close()

    assert is_waiting
