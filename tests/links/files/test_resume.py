"""The transfer of a large file resumes after an interruption, and only the complete file is visible."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.faults.gate import Gate, Way
from support.links import LINKS, add, check, get_file, link, log, put_file, settle, until
from support.processes.servers import Server
from trackside.sync.local.resumable_upload import FOLDER, PART_BYTES

LINK = "large"
MIB = 1 << 20
SIZE = 3 * PART_BYTES - 5 * MIB
SLACK = 2 * MIB  # heads, and all the calls around the file


class Pair:
    """Two servers of their own that come back at their ports; the link's way leads through a gate."""

    def __init__(self, start: Callable[..., Server]) -> None:
        self.near, self.far = start("--durability", "relaxed"), start("--durability", "relaxed")
        for each in (self.near, self.far):
            each.options = (*each.options, "--port", str(each.port))
        self.gate = Gate(self.far.port)

    @property
    def servers(self) -> dict[str, Server]:
        return {"near": self.near, "far": self.far}


@pytest.fixture
def pair(start: Callable[..., Server]) -> Iterator[Pair]:
    made = Pair(start)
    yield made
    made.gate.close()


slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("mode", "victim"),
    [
        pytest.param("push", "far", marks=slow),
        ("pull", "near"),
        pytest.param("push", "near", marks=slow),
        pytest.param("pull", "far", marks=slow),
        pytest.param("push", "neither", marks=slow),
        pytest.param("pull", "neither", marks=slow),
    ],
)
def test_a_transfer_resumes_after_a_kill_of_either_server_or_a_cut_connection(
    pair: Pair, mode: str, victim: str
) -> None:
    content = os.urandom(SIZE)
    source, target, way = _ends(pair, mode)
    run = source.api.new_run()
    put_file(source.api, run, "model/weights.bin", content)
    pair.gate.stop_at(way, 2 * PART_BYTES)
    add(pair.near.api, LINK, pair.gate.url, mode=mode)
    assert pair.gate.reached.wait(60)

    if victim != "neither":
        pair.servers[victim].kill9()
        pair.servers[victim].start()
    seen_before = _files(target.api, run)
    pair.gate.open()
    until(lambda: _files(target.api, run) == ["weights.bin"], "the file to arrive")

    assert seen_before == []
    assert get_file(target.api, run, "model/weights.bin") == content
    assert SIZE <= pair.gate.passed[way] < SIZE + PART_BYTES + SLACK
    assert _parts(target) == []
    until(lambda: check(pair.near.api, LINK) == [], "both to be the same")


@pytest.mark.slow
def test_a_part_that_a_busy_remote_does_not_take_is_the_only_one_that_is_sent_again(pair: Pair) -> None:
    content = os.urandom(SIZE)
    run = pair.near.api.new_run()
    put_file(pair.near.api, run, "weights.bin", content)
    flaky = Flaky(pair.far.port)
    starts = [str(i * PART_BYTES) for i in range(3)]
    bad = dict(zip(starts, ("500", "cut-request", "cut-answer"), strict=True))
    flaky.faults = lambda method, path: bad.pop(_start(path), None)

    add(pair.near.api, LINK, flaky.url)
    settle(pair.near.api, LINK)
    flaky.close()

    tries = [_start(path) for _, path, _ in flaky.seen if _start(path)]
    assert tries == [starts[0], starts[0], starts[1], starts[1], starts[2]]
    assert get_file(pair.far.api, run, "weights.bin") == content


@pytest.mark.slow
def test_a_file_that_is_overwritten_during_a_transfer_arrives_in_its_new_version(pair: Pair) -> None:
    """Two versions of equal size are never mixed."""
    for mode in ("push", "pull"):
        source, target, way = _ends(pair, mode)
        run = source.api.new_run()
        put_file(source.api, run, "weights.bin", b"\x01" * SIZE)
        pair.gate.reached.clear()
        pair.gate.stop_at(way, pair.gate.passed[way] + 2 * PART_BYTES)
        add(pair.near.api, LINK, pair.gate.url, mode=mode)
        assert pair.gate.reached.wait(60)

        put_file(source.api, run, "weights.bin", b"\x02" * SIZE)
        pair.gate.open()
        until(lambda run=run, target=target: _now(target.api, run) == b"\x02" * SIZE, "the later file")  # type: ignore[misc]
        settle(pair.near.api, LINK)

        assert _parts(target) == []
        pair.near.api.ask("DELETE", f"{LINKS}/{LINK}")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["push", "pull"])
def test_damaged_parts_make_no_file(pair: Pair, mode: str) -> None:
    content = os.urandom(SIZE)
    source, target, way = _ends(pair, mode)
    run = source.api.new_run()
    put_file(source.api, run, "weights.bin", content)
    pair.gate.stop_at(way, 2 * PART_BYTES)
    add(pair.near.api, LINK, pair.gate.url, mode=mode)
    assert pair.gate.reached.wait(60)
    (first,) = [path for path in _parts(target) if path.name == f"{0:016x}"]
    with first.open("r+b") as part:
        part.write(bytes(byte ^ 255 for byte in content[:10]))

    pair.gate.open()
    until(lambda: _files(target.api, run) == ["weights.bin"], "the file to arrive")

    assert get_file(target.api, run, "weights.bin") == content
    said = [entry["message"] for entry in log(pair.near.api, LINK)]
    assert any("SHA-256" in each for each in said), said
    assert link(pair.near.api, LINK)["lag_items"] == 0 or mode == "pull"


def _ends(pair: Pair, mode: str) -> tuple[Server, Server, Way]:
    return (pair.near, pair.far, "up") if mode == "push" else (pair.far, pair.near, "down")


def _start(path: str) -> str:
    return path.partition("start=")[2]


def _files(api: Api, run: str) -> list[str]:
    """Names of the files that are seen; none while the run is not there."""
    found: list[str] = []
    folders = [""]
    while folders:
        reply = api.ask("GET", "artifacts/list", arguments={"run_id": run, "path": folders.pop()})
        for each in reply.json.get("files", []) if reply.status == 200 else []:
            if each["is_dir"]:
                folders.append(each["path"])
            else:
                found.append(each["path"].rpartition("/")[2])
    return found


def _now(api: Api, run: str) -> bytes:
    reply = api.ask("GET", "/get-artifact", arguments={"run_uuid": run, "path": "weights.bin"})
    return reply.body if reply.status == 200 else b""


def _parts(server: Server) -> list[Path]:
    folder = server.data / "artifacts" / FOLDER
    return [path for path in folder.rglob("*") if path.is_file()]
