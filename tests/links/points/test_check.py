"""A check that reads points finds lost or damaged points that the summary does not show, and a sync repairs them."""

import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import LINKS, add, all_runs, check, settle, until, url_of
from support.processes.servers import Server
from trackside.core.counts import counted

LINK = "twin"
CHUNK = 100
POINTS = 3 * CHUNK


class Points:
    """A run whose series `loss` lies in chunks in both workspaces, alike; the link is paused, so that what is spoilt stays so."""

    def __init__(self, server: Server, mode: str, url: Callable[[Server], str]) -> None:
        self.server = server
        self.apis = {name: self.server.api.new_workspace(name) for name in ("north", "south")}
        self.here, self.there = self.apis["north"], self.apis["south"]
        self.source = self.there if mode == "pull" else self.here
        self.run = self.source.new_run(self.source.new_experiment("x"))
        add(self.here, LINK, url(self.server), mode=mode)
        for begin in range(0, POINTS, CHUNK):
            metrics = [_point("loss", step) for step in range(begin, begin + CHUNK)]
            self.source.post("runs/log-batch", run_id=self.run, metrics=metrics)
            until(lambda: self.are_alike, "the points to arrive")
        self.source.post("runs/log-batch", run_id=self.run, metrics=[_point("other", 1)])
        until(lambda: self.are_alike, "the points to arrive")
        settle(self.here, LINK)
        self.here.post(f"{LINKS}/{LINK}/pause")

    @property
    def are_alike(self) -> bool:
        copies = all_runs(self.there if self.source is self.here else self.here)
        return [run["data"].get("metrics") for run in copies] == [self.source.run(self.run)["data"]["metrics"]]

    def spoil(self, workspace: str, change: Callable[[bytes], bytes]) -> None:
        """Rewrites the first chunk of a workspace's series `loss`, behind the server's back; all of it away: its row too."""
        with closing(sqlite3.connect(Path(self.server.data, "trackside.db"))) as store, store:
            (chunk_id, points), *_ = store.execute(
                """
                SELECT c.chunk_id, c.points FROM metric_chunks c JOIN workspaces w ON w.workspace_id = c.workspace_id
                WHERE w.name = ? AND c.key = 'loss' ORDER BY c.chunk_id
                """,
                [workspace],
            )
            left = change(points)
            store.execute("UPDATE metric_chunks SET points = ? WHERE chunk_id = ?", [left, chunk_id])
            if not left:
                store.execute("DELETE FROM metric_chunks WHERE chunk_id = ?", [chunk_id])

    def found(self, *, verify: bool) -> list[str]:
        return [what for each in check(self.here, LINK, verify=verify) for what in each["what"]]

    def mend(self) -> None:
        self.here.post(f"{LINKS}/{LINK}/sync", verify=True)
        self.here.post(f"{LINKS}/{LINK}/resume")
        settle(self.here, LINK)

    def steps(self, api: Api) -> list[int]:
        return sorted(step for step, _, _ in api.history(self.run, "loss"))

    def count(self, workspace: str) -> int:
        """By the summary."""
        with closing(sqlite3.connect(Path(self.server.data, "trackside.db"))) as store:
            ((count,),) = store.execute(
                """
                SELECT s.point_count FROM metric_series s JOIN workspaces w ON w.workspace_id = s.workspace_id
                WHERE w.name = ? AND s.key = 'loss'
                """,
                [workspace],
            ).fetchall()
        return int(count)


def _point(key: str, step: int) -> dict[str, Any]:
    return {"key": key, "value": (step * 37 % 101) / 7, "timestamp": step, "step": step}


def _south(server: Server) -> str:
    return url_of(server, "south")


def _gone(points: bytes) -> bytes:
    return points[:0]


def _other_value(points: bytes) -> bytes:
    """Of the point of step 5, between the least and the greatest one."""
    step, timestamp, value = struct.unpack_from("<qqd", points, 5 * 24)
    assert step == 5
    return points[: 5 * 24] + struct.pack("<qqd", step, timestamp, value + 0.25) + points[6 * 24 :]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "victim"), [("push", "south"), ("pull", "north"), ("both", "south"), ("both", "north")]
)
def test_a_check_by_reading_finds_a_lost_chunk_and_a_sync_restores_it(server: Server, mode: str, victim: str) -> None:
    pair = Points(server, mode, _south)
    pair.spoil(victim, _gone)

    unseen = pair.found(verify=False)
    found = pair.found(verify=True)
    pair.mend()

    where = "on the remote" if victim == "south" else "in this workspace"
    lacking = (CHUNK, 0) if victim == "south" else (0, CHUNK)
    assert unseen == []
    assert found == [
        f"metric loss: {counted(lacking[0], 'points')} missing on the remote, {lacking[1]} in this workspace",
        f"metric loss has {POINTS - CHUNK} points {where}, but its summary counts {POINTS}",
    ]
    assert pair.found(verify=True) == []
    assert pair.steps(pair.here) == pair.steps(pair.there) == list(range(POINTS))
    assert pair.count("north") == pair.count("south") == POINTS


@pytest.mark.parametrize("mode", [pytest.param("push", marks=pytest.mark.slow), "both"])
def test_a_check_by_reading_finds_a_changed_point(server: Server, mode: str) -> None:
    """Points are a set: the original point is restored, and the changed one is an additional point, which a link in both
    directions copies."""
    pair = Points(server, mode, _south)
    pair.spoil("south", _other_value)

    unseen = pair.found(verify=False)
    found = pair.found(verify=True)
    pair.mend()

    assert unseen == []
    assert found == [f"metric loss: 1 point missing on the remote, {int(mode == 'both')} in this workspace"]
    assert pair.found(verify=True) == []
    assert pair.steps(pair.there) == sorted([*range(POINTS), 5])
    assert pair.steps(pair.here) == (pair.steps(pair.there) if mode == "both" else list(range(POINTS)))


@pytest.mark.slow
def test_points_are_read_if_the_other_side_has_no_digests(server: Server) -> None:
    proxies: list[Flaky] = []

    def earlier(server: Server) -> str:
        proxies.append(Flaky(server.port))
        proxies[0].faults = lambda method, path: "404" if "/digests" in path or "/recount" in path else None
        return f"{proxies[0].url}/ws/south"

    with closing(_Closing(proxies)):
        pair = Points(server, "push", earlier)
        pair.spoil("south", _other_value)

        found = pair.found(verify=True)
        pair.mend()

        assert found == ["metric loss: 1 point missing on the remote, 0 in this workspace"]
        assert pair.found(verify=True) == []
        assert pair.steps(pair.there) == sorted([*range(POINTS), 5])


class _Closing:
    def __init__(self, proxies: list[Flaky]) -> None:
        self._proxies = proxies

    def close(self) -> None:
        for each in self._proxies:
            each.close()


def test_nothing_is_counted_without_a_request_for_it(server: Server) -> None:
    proxies: list[Flaky] = []

    def watched(server: Server) -> str:
        proxies.append(Flaky(server.port))
        return f"{proxies[0].url}/ws/south"

    with closing(_Closing(proxies)):
        pair = Points(server, "push", watched)

        assert pair.found(verify=False) == []
        pair.here.post(f"{LINKS}/{LINK}/sync")
        pair.here.post(f"{LINKS}/{LINK}/resume")
        settle(pair.here, LINK)

        assert not [path for _, path, _ in proxies[0].seen if "/digests" in path or "/sync/points?" in path]
