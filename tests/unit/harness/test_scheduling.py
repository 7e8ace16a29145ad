"""The order in which tests begin: shared units first, then those that wait among those that compute; and by which process."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import Any

import pytest

from support.runner.scheduling import (
    LONGEST,
    POSTGRESQL,
    USERS_OF_POSTGRESQL,
    ByFile,
    begin,
    in_turn,
    is_ignored,
    unit_of,
)

COMPUTING = [f"tests/slices/test_{number:02}.py::test_{case}" for number in range(40) for case in "ab"]
WAITING = [f"tests/links/test_{number:02}.py::test_{case}" for number in range(10) for case in "ab"]
SHARED = ["tests/ui/test_shell.py::test_a", "tests/compat/test_clients.py::test_a", "tests/ui/runs/test_run.py::test_a"]


def ordered(nodeids: list[str]) -> list[str]:
    places = in_turn(nodeids)
    assert sorted(places) == list(range(len(nodeids)))
    return [nodeids[at] for at in places]


def test_shared_folders_are_started_first_and_together() -> None:
    order = ordered([*SHARED, *WAITING, *COMPUTING])
    assert [unit_of(each) for each in order[:3]] == ["browser", "browser", "clients"]


def test_tests_on_postgresql_run_together_from_the_beginning() -> None:
    at_both = "tests/slices/test_runs.py::test_a[{}-1]"
    users = [at_both.format(POSTGRESQL), "tests/slices/postgresql/test_notify.py::test_a"]
    users += [f"{each}::test_a" for each in USERS_OF_POSTGRESQL]
    assert all(Path(__file__).parents[3].joinpath(each).is_file() for each in USERS_OF_POSTGRESQL)
    order = ordered([*SHARED, *COMPUTING, at_both.format("sqlite"), *users])
    assert order[: len(users)] == users
    assert {unit_of(each) for each in order[: len(users)]} == {POSTGRESQL}
    assert unit_of(at_both.format("sqlite")) == "tests/slices/test_runs.py"


def test_a_test_on_postgresql_stays_with_the_others_of_a_shared_folder() -> None:
    assert unit_of("tests/endpoints/test_calls.py::test_a[postgresql]") == unit_of(
        "tests/endpoints/test_tokens.py::test_a"
    )


def test_tests_that_wait_begin_among_those_that_compute_and_before_their_end() -> None:
    order = ordered([*WAITING, *COMPUTING])
    places = [at for at, each in enumerate(order) if each in WAITING]
    for start in range(0, 80, 10):
        assert 1 <= sum(start <= at < start + 10 for at in places) <= 4
    assert places[-1] < len(order) - 5


def test_tests_of_a_file_stay_together_and_in_their_order() -> None:
    order = ordered([*WAITING, *COMPUTING])
    for at in range(0, len(order), 2):
        assert unit_of(order[at]) == unit_of(order[at + 1])
        assert order[at] < order[at + 1]


def test_one_kind_alone_keeps_its_order() -> None:
    assert ordered(WAITING) == WAITING
    assert ordered(COMPUTING) == COMPUTING
    assert ordered([]) == []


def test_files_of_a_folder_that_wait_are_spread_over_those_of_others() -> None:
    few = [f"tests/links/databricks/test_{number}.py::test_a" for number in range(3)]
    many = [f"tests/e2e/test_{number:02}.py::test_a" for number in range(12)]
    order = ordered([*many, *few])
    assert [order.index(each) for each in few] == [2, 7, 12]
    assert [each for each in order if each in many] == many


def test_the_files_that_wait_longest_begin_before_the_others() -> None:
    assert all(Path(__file__).parents[3].joinpath(each).is_file() for each in LONGEST)
    longest = [f"{each}::test_a" for each in LONGEST]
    order = ordered([*WAITING, *reversed(longest), *COMPUTING])
    assert [each for each in order if each in (*longest, *WAITING)][: len(longest)] == longest


@dataclass(eq=False)
class Worker:
    """Stands for a process of xdist: it keeps the numbers of the tests that it is told to run."""

    number: int
    workerinput: dict[str, Any]
    shutting_down: bool = False
    told: list[int] = field(default_factory=list)
    finished: int = 0

    @property
    def gateway(self) -> Any:
        return SimpleNamespace(id=f"gw{self.number}")

    def send_runtest_some(self, numbers: Sequence[int]) -> None:
        assert not self.shutting_down
        self.told += numbers

    def shutdown(self) -> None:
        self.shutting_down = True

    def collected(self, nodeids: Sequence[str]) -> list[str]:
        config = SimpleNamespace(workerinput=self.workerinput)
        return [each for each in nodeids if not is_ignored(PurePath(each).relative_to("tests"), config)]


def run(nodeids: Sequence[str], count: int, *, fast: int = 0) -> list[list[str]]:
    """What each of so many processes runs, if process `fast` finishes all that it is told before the others go on."""
    workers = [Worker(number, {"workercount": count}) for number in range(count)]
    options = SimpleNamespace(loadscopereorder=False)
    plan = ByFile(SimpleNamespace(getvalue=lambda _: [f"{count}*popen"], option=options), None)
    for worker in workers:
        begin(worker)
        plan.add_node(worker)
    for worker in reversed(workers):  # the small collections are complete first
        plan.add_node_collection(worker, worker.collected(nodeids))
    plan.schedule()
    while any(worker.finished < len(worker.told) for worker in workers):
        for worker in sorted(workers, key=lambda each: each.number != fast):
            if worker.finished < len(worker.told):
                worker.finished += 1
                plan.mark_test_complete(worker, worker.told[worker.finished - 1])
                break
    return [[worker.collected(nodeids)[at] for at in worker.told] for worker in workers]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_each_test_runs_once(count: int) -> None:
    nodeids = ordered([*SHARED, *WAITING, *COMPUTING])
    ran = run(nodeids, count)
    assert sorted(each for of_one in ran for each in of_one) == sorted(nodeids)


def test_half_of_the_processes_run_only_tests_that_wait() -> None:
    nodeids = ordered([*SHARED, *WAITING, *COMPUTING])
    ran = run(nodeids, 5, fast=3)
    assert ran[3]
    assert {*ran[3], *ran[4]} == set(WAITING)


def test_a_process_that_has_no_more_to_compute_runs_tests_that_wait() -> None:
    nodeids = ordered([*WAITING, *COMPUTING])
    ran = run(nodeids, 4, fast=0)
    assert set(WAITING) & set(ran[0])
    assert ran[0].index(next(each for each in ran[0] if each in WAITING)) >= len(set(COMPUTING) & set(ran[0]))


def test_without_tests_that_wait_their_processes_end() -> None:
    ran = run(COMPUTING, 6)
    assert [bool(each) for each in ran] == [True, True, True, False, False, False]
