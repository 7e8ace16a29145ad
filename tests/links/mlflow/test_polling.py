"""Detection of changes on a server without a change log: page by page, with any clocks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from trackside.core.http_client.errors import RequestRejected, ResponseTooLarge
from trackside.sync import fields
from trackside.sync.entities import FIRST, Entity
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.entries import ListEntry
from trackside.sync.remote.faults import InvalidRemoteResponse
from trackside.sync.remote.mlflow import run_changes
from trackside.sync.remote.mlflow.run_changes import Poll
from trackside.sync.remote.port import Seen

HOUR_S = 3600


@dataclass
class Remote:
    """Runs with a start, and maybe an end, in s; the searches that MLflow answers, and its limits."""

    now: float = 1_700_000_000.0
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    experiments: int = 1
    most_runs: int = 500
    knows_attributes: bool = True
    models: dict[str, int] | None = field(default_factory=dict)  # when they were changed, in s
    searches: list[tuple[str, int]] = field(default_factory=list)
    poll: Poll = field(init=False)
    cursor: str = ""

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Of our server: what it had in memory is gone."""
        self.poll = Poll(
            self.list_experiments,
            self.search,
            _snapshot,
            lambda name: True,
            lambda: self.now,
            search_models=self.search_models,
        )

    def log(self, run_id: str, start: float, end: float | None = None, experiment: int = 0) -> None:
        self.runs[run_id] = {"id": run_id, "start": int(start * 1000), "end": end, "experiment": str(experiment)}

    def list_experiments(self, token: str | None) -> tuple[list[ListEntry], str | None]:
        del token
        return [Snapshot(str(i), str(i), {fields.NAME: f"e{i}"}) for i in range(self.experiments)], None

    def search(self, ids: Sequence[str], words: str, token: str | None, most: int) -> run_changes.Searched:
        self.searches.append((words, most))
        if most > self.most_runs:
            raise ResponseTooLarge("too long")
        if "_time" in words and not self.knows_attributes:
            raise RequestRejected(400, "INVALID_PARAMETER_VALUE", "no such attribute")
        found = [run for run in self.runs.values() if run["experiment"] in ids and _matches(run, words)]
        found.sort(key=lambda run: -run["start"])
        begin = int(token or 0)
        page = found[begin : begin + most]
        return page, str(begin + most) if begin + most < len(found) else None

    def search_models(self, ids: Sequence[str], token: str | None, most: int) -> run_changes.FoundModels:
        self.searches.append(("models", most))
        if self.models is None:
            raise RequestRejected(404, "ENDPOINT_NOT_FOUND", "no such call")
        found = sorted(self.models.items(), key=lambda one: -one[1]) if "0" in ids else []
        begin = int(token or 0)
        page: list[ListEntry] = [Snapshot(each, "0", {}, at * 1000) for each, at in found[begin : begin + most]]
        return page, str(begin + most) if begin + most < len(found) else None

    def step(self) -> tuple[set[str], bool]:
        seen, self.cursor, more = self.poll.changes(self.cursor)
        assert len(seen) <= self.most_runs + self.experiments
        return {each.remote_id for each in seen if each.entity == "run"}, more

    def pass_models(self) -> set[str]:
        found: set[str] = set()
        more = True
        while more:
            seen, self.cursor, more = self.poll.changes(self.cursor)
            found |= {each.remote_id for each in seen if each.entity == "logged_model"}
        return found

    def pass_(self) -> set[str]:
        found, more = self.step()
        while more:
            some, more = self.step()
            found |= some
        return found


def test_everything_is_found_page_by_page_even_if_the_server_restarts_meanwhile() -> None:
    remote = Remote(experiments=120)
    for i in range(3000):
        remote.log(f"r{i}", 1000 + i, experiment=i % 120)
    found: set[str] = set()
    more = True
    while more:
        assert remote.cursor.startswith(FIRST) or not remote.cursor
        some, more = remote.step()
        found |= some
        remote.restart()

    assert len(found) == 3000
    assert not remote.cursor.startswith(FIRST)


def test_many_running_runs_are_read_page_by_page() -> None:
    remote = Remote()
    remote.pass_()
    for i in range(2345):
        remote.log(f"r{i}", remote.now)

    assert len(remote.pass_()) == 2345  # `step` asserts that no page is larger than the remote gives


def test_a_page_that_is_too_large_is_requested_in_smaller_ones() -> None:
    remote = Remote(most_runs=70)
    for i in range(300):
        remote.log(f"r{i}", 1000 + i)

    assert len(remote.pass_()) == 300
    assert {most for words, most in remote.searches if words != "models"} == {500, 250, 125, 62}


def test_a_run_that_is_too_large_for_a_page_is_an_error() -> None:
    remote = Remote(most_runs=0)
    with pytest.raises(ResponseTooLarge):
        remote.step()


@pytest.mark.parametrize("hours", [-5, 0, 5, 24 * 400])
def test_a_run_with_a_wrong_time_hides_no_later_run(hours: int) -> None:
    remote = Remote()
    remote.pass_()
    remote.log("odd", remote.now + hours * HOUR_S, remote.now + hours * HOUR_S)
    for _ in range(3):
        remote.now += 5
        remote.pass_()
    remote.now += 5
    remote.log("new", remote.now - 1, remote.now)

    assert "new" in remote.pass_()


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_changed_clock_hides_no_run(hours: int) -> None:
    remote = Remote()
    remote.pass_()
    remote.log("old", remote.now - 1, remote.now)
    remote.pass_()
    remote.now += hours * HOUR_S
    remote.log("new", remote.now - 1, remote.now)

    assert "new" in remote.pass_()


def test_runs_that_ended_long_ago_by_a_clients_clock_are_found_by_a_sweep() -> None:
    remote = Remote()
    remote.log("before", remote.now - 1, remote.now)
    remote.pass_()
    remote.log("late", remote.now - 9 * HOUR_S, remote.now - 9 * HOUR_S)
    soon = remote.pass_()
    found: set[str] = set()
    passes = 0
    while "late" not in found:
        remote.now += 5
        passes += 1
        found = remote.pass_()

    assert "late" not in soon
    assert passes <= 8  # half a minute and a pass


def test_a_release_that_cannot_search_by_time_is_swept() -> None:
    remote = Remote(knows_attributes=False)
    remote.pass_()
    remote.log("ended", remote.now - 1, remote.now)
    remote.log("runs", remote.now)
    soon = remote.pass_()
    remote.now += 60
    remote.pass_()

    assert soon == {"runs"}
    assert remote.pass_() == {"runs", "ended"}
    assert sum("_time" in words for words, _ in remote.searches) == 1  # it is not asked again


def test_models_that_were_changed_lately_come_first_and_older_ones_are_not_read_again() -> None:
    models = {f"m{i}": 1_700_000_000 + i for i in range(200)}
    remote = Remote(models=models)
    found = remote.pass_models()
    remote.now += 3600
    models["m7"] = int(remote.now)
    remote.searches.clear()

    again = remote.pass_models()

    assert len(found) == 200
    assert "m7" in again
    assert remote.searches.count(("models", run_changes.PAGE_MODELS)) == 4  # two minutes overlap, and the first old one


def test_a_release_without_logged_models_gets_one_call_for_them() -> None:
    remote = Remote(models=None)
    remote.pass_()
    remote.pass_()

    assert [words for words, _ in remote.searches].count("models") == 1


def test_a_pass_returns_the_runs_that_it_read_and_a_running_run_again_after_progress() -> None:
    experiment = Snapshot("1", "1", {fields.NAME: "e"})
    runs = [{"info": {"run_id": name}, "step": 1} for name in ("runs", "ended", "odd")]

    def snapshot(run: Any) -> Snapshot:
        if run["info"]["run_id"] == "odd":
            raise InvalidRemoteResponse("nonsense")
        status = "RUNNING" if run["info"]["run_id"] == "runs" else "FINISHED"
        return Snapshot(run["info"]["run_id"], "1", {fields.STATUS: status, fields.START_TIME: "5"})

    poll = Poll(
        lambda token: ([experiment], None), lambda *search: (runs, None), snapshot, lambda name: True,
        lambda: 1e9, lambda: 0.0,
    )  # fmt: skip
    first, cursor, _ = poll.changes("")
    again, cursor, _ = poll.changes(cursor)
    runs[0]["step"] = 2
    later, _, _ = poll.changes(cursor)

    ended, odd = Seen(Entity.RUN, "ended", snapshot(runs[1])), Seen(Entity.RUN, "odd", None, "nonsense")
    running = Seen(Entity.RUN, "runs", snapshot(runs[0]))
    assert first == [Seen(Entity.EXPERIMENT, "1", experiment), running, ended, odd]
    assert again == [first[0], ended, odd]
    assert later == [running, ended, odd]


def _snapshot(run: dict[str, Any]) -> Snapshot:
    doc = {fields.START_TIME: str(run["start"])}
    if run["end"] is not None:
        doc[fields.END_TIME] = str(int(run["end"] * 1000))
    return Snapshot(run["id"], run["experiment"], doc)


def _matches(run: dict[str, Any], words: str) -> bool:
    if not words:
        return True
    if words == run_changes.RUNNING:
        return run["end"] is None
    name, at = words.removeprefix("attributes.").split(" >= ")
    value = run["start"] if name == "start_time" else None if run["end"] is None else run["end"] * 1000
    return value is not None and value >= int(at)
