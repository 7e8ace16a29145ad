"""The order in which tests begin: shared units first, then those that wait among those that compute."""

from pathlib import Path

from support.runner.scheduling import LONGEST, POSTGRESQL, USERS_OF_POSTGRESQL, in_turn, unit_of

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
    for begin in range(0, 80, 10):
        assert 1 <= sum(begin <= at < begin + 10 for at in places) <= 4
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
