"""Evaluation datasets on both sides of a link between two Tracksides."""

from typing import Any

import pytest

from support.client import Api
from support.evaluation_datasets import (
    USER,
    all_of,
    associate,
    delete,
    delete_records,
    everything,
    ids_of,
    new_id,
    records_of,
    set_tags,
    upsert,
    whole,
)
from support.faults.flaky import Flaky
from support.links import add, check, link, log, settle, sync, until, url_of
from support.processes.servers import Server

LINK = "twin"


def test_a_dataset_is_copied_unchanged(any_server: Server) -> None:
    server = any_server
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    there.new_experiment("makes the ids differ")
    iris = here.new_experiment("iris")
    dataset_id = new_id(here, "qa", tags={"team": "blue", "none": None, USER: "ann"}, experiment_ids=["0", iris])
    upsert(here, dataset_id, *records("bob"))
    upsert(here, dataset_id, {"inputs": {"q": 1}, "expectations": {"more": [1]}})
    delete_records(here, dataset_id, [all_of(here, dataset_id)[1]["dataset_record_id"]])
    new_id(here, "without records or experiments")

    add(here, LINK, url_of(server, "south"))
    settle(here, LINK)

    assert everything(there) == everything(here)
    found = whole(there, dataset_id)
    assert (found["created_by"], found["experiments"], found["profile"]) == (
        "ann",
        ["Default", "iris"],
        {"num_records": 4},
    )
    assert [each["inputs"] for each in found["records"]] == [
        each["inputs"] for each in records() if each["inputs"] != {"q": 2}
    ]
    assert check(here, LINK) == []
    assert log(here, LINK) == []
    assert link(here, LINK)["mirrored"] == {"experiment": 2, "evaluation_dataset": 2}


def test_later_changes_arrive(here: Api, there: Api, server: Server) -> None:
    dataset_id = new_id(here, tags={"a": "1", "b": "2"}, experiment_ids=["0"])
    upsert(here, dataset_id, *records())
    add(here, LINK, url_of(server, "south"))
    settle(here, LINK)

    set_tags(here, dataset_id, b="new", c="3")
    here.ask("DELETE", f"datasets/{dataset_id}/tags/a", version="3.0")
    associate(here, "add", dataset_id, here.new_experiment("iris"))
    associate(here, "remove", dataset_id, "0")
    upsert(here, dataset_id, {"inputs": {"q": 1}, "tags": {"k": "v"}}, {"inputs": {"q": 9}})
    delete_records(here, dataset_id, [all_of(here, dataset_id)[1]["dataset_record_id"]])
    settle(here, LINK)
    changed = everything(there)
    delete(here, dataset_id)
    settle(here, LINK)

    assert changed == {dataset_id: changed[dataset_id]}
    assert (changed[dataset_id]["tags"], changed[dataset_id]["experiments"]) == ({"b": "new", "c": "3"}, ["iris"])
    assert [each["inputs"]["q"] for each in changed[dataset_id]["records"]] == [1, 3, 4, 5, 9]
    assert everything(there) == {}


@pytest.mark.slow
def test_a_record_that_was_deleted_and_created_again_has_its_new_values(here: Api, there: Api, server: Server) -> None:
    dataset_id = new_id(here)
    upsert(here, dataset_id, {"inputs": {"q": 1}, "expectations": {"old": 1}})
    add(here, LINK, url_of(server, "south"))
    settle(here, LINK)

    delete_records(here, dataset_id, [all_of(here, dataset_id)[0]["dataset_record_id"]])
    upsert(here, dataset_id, {"inputs": {"q": 1}, "expectations": {"new": 1}})
    settle(here, LINK)

    assert everything(there) == everything(here)
    assert all_of(there, dataset_id)[0]["expectations"] == {"new": 1}


def test_a_pull_link_copies_datasets_and_restores_local_deletions(here: Api, there: Api, server: Server) -> None:
    dataset_id = new_id(there, experiment_ids=[there.new_experiment("iris")], tags={USER: "ann"})
    upsert(there, dataset_id, *records("bob"))
    add(here, LINK, url_of(server, "south"), mode="pull")
    until(lambda: everything(here) == everything(there), "what was there to come")

    upsert(there, dataset_id, {"inputs": {"q": 1}, "outputs": "new"})
    until(lambda: everything(here) == everything(there), "what changed to come")
    delete(here, dataset_id)
    sync(here, LINK)
    until(lambda: everything(here) == everything(there), "what was removed here to come back")
    assert check(here, LINK) == []
    delete(there, dataset_id)
    until(lambda: ids_of(here) == set(), "the deletion to come")


@pytest.mark.parametrize("mutual", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_changes_of_either_side_reach_both(here: Api, there: Api, server: Server, mutual: bool) -> None:
    ours, theirs = new_id(here, "ours", experiment_ids=["0"]), new_id(there, "theirs")
    add(here, LINK, url_of(server, "south"), mode="both")
    if mutual:
        add(there, LINK, url_of(server, "north"), mode="both")
    until(lambda: len(everything(here)) == len(everything(there)) == 2, "both to be on both sides")

    upsert(here, theirs, *records("ann"))
    upsert(there, ours, *records("bob"))
    set_tags(there, ours, k="v")
    until(lambda: everything(here) == everything(there), "the changes to come")
    until(lambda: len(all_of(here, ours)) == len(all_of(there, theirs)) == 5, "all records to come")
    for api in (
        (here, there) if mutual else (here,)
    ):  # what is deleted before the link knows that both have it comes back
        settle(api, LINK)
    delete_records(there, ours, [each["dataset_record_id"] for each in all_of(there, ours)[:2]])
    delete(here, theirs)
    until(lambda: everything(here) == everything(there) and len(all_of(here, ours)) == 3, "what was deleted to go")

    assert list(everything(there)) == [ours]
    assert [entry for entry in log(here, LINK) if entry["kind"] == "conflict"] == []
    until(lambda: check(here, LINK) == [], "nothing to differ")


def conflicts(here: Api) -> list[str]:
    return [str(entry["message"]) for entry in log(here, LINK) if entry["kind"] == "conflict"]


def test_a_record_that_both_sides_changed_has_the_changes_of_both(here: Api, there: Api, server: Server) -> None:
    dataset_id = new_id(here)
    upsert(here, dataset_id, {"inputs": {"q": 1}, "expectations": {"a": 0}}, {"inputs": {"q": 2}})
    add(here, LINK, url_of(server, "south"), mode="both")
    settle(here, LINK)
    here.post(f"/api/trackside/v1/links/{LINK}/pause")

    upsert(here, dataset_id, {"inputs": {"q": 1}, "expectations": {"a": 1, "ours": 1}, "outputs": {"o": 1}})
    delete_records(here, dataset_id, [all_of(here, dataset_id)[1]["dataset_record_id"]])
    upsert(there, dataset_id, {"inputs": {"q": 1}, "expectations": {"a": 2, "theirs": 2}, "outputs": {"o": 2}})
    upsert(there, dataset_id, {"inputs": {"q": 2}, "tags": {"k": "v"}})
    here.post(f"/api/trackside/v1/links/{LINK}/resume")
    until(lambda: everything(here) == everything(there), "both to be the same")
    until(lambda: len(all_of(here, dataset_id)) == 2, "what was removed here and changed there to be copied again")
    until(lambda: conflicts(here) != [], "the conflict to be told: the log is written when a round ends")

    (both, back) = sorted(all_of(here, dataset_id), key=lambda each: int(each["inputs"]["q"]))
    assert (both["expectations"], both["outputs"]) == ({"a": 2, "ours": 1, "theirs": 2}, {"o": 2})
    assert back["tags"] == {"k": "v"}
    assert conflicts(here) == [
        "both sides changed 1 record: kept all expectations and tags of both, and of the rest what was changed later"
    ]


@pytest.mark.slow
def test_a_dataset_that_was_removed_on_one_side_and_changed_on_the_other_comes_back(
    here: Api, there: Api, server: Server
) -> None:
    first, second = new_id(here, "first"), new_id(here, "second")
    add(here, LINK, url_of(server, "south"), mode="both")
    settle(here, LINK)
    here.post(f"/api/trackside/v1/links/{LINK}/pause")

    delete(here, first)
    upsert(there, first, {"inputs": {"q": 1}})
    delete(there, second)
    upsert(here, second, {"inputs": {"q": 2}})
    here.post(f"/api/trackside/v1/links/{LINK}/resume")
    until(lambda: everything(here) == everything(there) and len(everything(here)) == 2, "both to come back")

    until(lambda: len(conflicts(here)) >= 2, "both conflicts to be told")
    assert len(conflicts(here)) == 2
    assert len(all_of(there, second)) == len(all_of(here, first)) == 1


@pytest.mark.slow
def test_a_filter_selects_the_datasets_of_its_experiments(here: Api, there: Api, server: Server) -> None:
    wanted, other = here.new_experiment("team/iris"), here.new_experiment("private")
    shared = new_id(here, "shared", experiment_ids=[wanted, other])
    private, nobodys = new_id(here, "private", experiment_ids=[other]), new_id(here, "nobody's")
    add(here, LINK, url_of(server, "south"), experiments=["team/*"])
    settle(here, LINK)
    assert {each: found["experiments"] for each, found in everything(there).items()} == {shared: ["team/iris"]}
    assert check(here, LINK) == []

    associate(here, "add", private, wanted)
    associate(here, "remove", shared, wanted)
    settle(here, LINK)

    assert {each: found["experiments"] for each, found in everything(there).items()} == {
        shared: [],
        private: ["team/iris"],
    }
    assert nobodys in everything(here)


@pytest.mark.slow
def test_a_link_with_exclusions_copies_datasets_without_an_experiment(here: Api, there: Api, server: Server) -> None:
    private = here.new_experiment("private")
    new_id(here, "private", experiment_ids=[private])
    free = new_id(here, "free")

    add(here, LINK, url_of(server, "south"), exclude=["private"])
    settle(here, LINK)

    assert list(everything(there)) == [free]
    assert check(here, LINK) == []


def test_a_check_reports_differences_and_a_sync_repairs_them(here: Api, there: Api, server: Server) -> None:
    dataset_id, gone = new_id(here, tags={"k": "v"}), new_id(here, "gone")
    upsert(here, dataset_id, *records())
    add(here, LINK, url_of(server, "south"))
    settle(here, LINK)

    set_tags(there, dataset_id, k="other")
    upsert(there, dataset_id, {"inputs": {"q": 1}, "tags": {"by": "hand"}})
    upsert(there, dataset_id, {"inputs": {"only": "there"}})
    delete_records(there, dataset_id, [all_of(there, dataset_id)[2]["dataset_record_id"]])
    delete(there, gone)
    found = {each["local_id"]: each["what"] for each in check(here, LINK)}
    sync(here, LINK)
    settle(here, LINK)

    assert found.pop(gone) == ["the evaluation dataset is missing on the remote"]
    differing = found.pop(dataset_id)
    assert found == {}
    assert "tag k is 'v' in this workspace and 'other' on the remote" in differing
    assert "2 records are missing on the remote, or different in this workspace" in differing
    until(lambda: check(here, LINK) == [], "nothing to differ")
    assert set(everything(there)) == {dataset_id, gone}
    assert len(all_of(there, dataset_id)) == 6  # what only the copy has stays
    assert "1 record of the copy changed there; now as before again" in [each["message"] for each in log(here, LINK)]


@pytest.mark.slow
def test_a_cycle_of_links_creates_no_second_copy_of_a_dataset(server: Server) -> None:
    names = ("aa", "bb", "cc")
    spaces = {name: server.api.new_workspace(name) for name in names}
    for name, following in zip(names, ("bb", "cc", "aa"), strict=True):
        add(spaces[name], LINK, url_of(server, following), mode="both")
    dataset_id = new_id(spaces["aa"], experiment_ids=["0"])
    upsert(spaces["bb"], new_id(spaces["bb"], "another"), *records())
    upsert(spaces["aa"], dataset_id, *records())
    until(lambda: all(len(everything(each)) == 2 for each in spaces.values()), "both to be everywhere")

    upsert(spaces["cc"], dataset_id, {"inputs": {"q": 1}, "outputs": "c"})
    until(lambda: alike(*spaces.values()), "all to be the same")
    for each in spaces.values():
        until(lambda each=each: check(each, LINK) == [], "nothing to differ")  # type: ignore[misc]
    for each in spaces.values():  # what came by another way is agreed on, too
        sync(each, LINK)
    until(lambda: all(link(each, LINK)["lag_items"] == 0 for each in spaces.values()), "all to be agreed on")
    delete(spaces["bb"], dataset_id)
    until(lambda: all(dataset_id not in ids_of(each) for each in spaces.values()), "it to go everywhere")


@pytest.mark.slow
def test_copies_are_removed_with_the_link_unless_they_were_changed_locally(
    here: Api, there: Api, server: Server
) -> None:
    mine = new_id(here, "mine")
    plain, tagged, extended = (new_id(there, name) for name in ("plain", "tagged", "extended"))
    for each in (plain, tagged, extended):
        upsert(there, each, *records())
    add(here, LINK, url_of(server, "south"), mode="both")
    until(lambda: everything(here) == everything(there) and len(everything(here)) == 4, "all to be on both sides")
    settle(here, LINK)
    here.post(f"/api/trackside/v1/links/{LINK}/pause")
    set_tags(here, tagged, k="v")
    upsert(here, extended, {"inputs": {"only": "here"}})

    here.ask("DELETE", f"/api/trackside/v1/links/{LINK}?copies=remove")
    until(lambda: "links" not in here.get("/api/trackside/v1/links"), "the link to end")

    assert set(everything(here)) == {mine, tagged, extended}
    assert set(everything(there)) == {plain, tagged, extended}


@pytest.mark.slow
def test_objects_older_than_the_link_are_left_unchanged(here: Api, there: Api, server: Server) -> None:
    before = new_id(here, "before")
    add(here, LINK, url_of(server, "south"), backfill="none")
    after = new_id(here, "after")
    settle(here, LINK)
    assert list(everything(there)) == [after]
    assert check(here, LINK) == []

    upsert(here, before, {"inputs": {"q": 1}})
    settle(here, LINK)

    assert set(everything(there)) == {before, after}


@pytest.mark.slow
def test_only_missing_records_are_sent(here: Api, there: Api, flaky: Flaky) -> None:
    dataset_id = new_id(here)
    upsert(here, dataset_id, *({"inputs": {"q": i}} for i in range(3000)))
    sent: list[int] = []

    def fault(method: str, path: str) -> str | None:
        if method == "POST" and path.endswith("/sync/records"):
            sent.append(len(sent))
            return "cut-answer" if len(sent) == 4 else None
        return None

    flaky.faults = fault
    add(here, LINK, f"{flaky.url}/ws/south")
    settle(here, LINK)
    at_first = len(sent)
    upsert(here, dataset_id, {"inputs": {"q": 1500}, "outputs": 1})
    settle(here, LINK)

    assert everything(there) == everything(here)
    assert (at_first, len(sent)) == (6, 7)  # of 500 each: the one whose answer was lost was found there
    assert [each["inputs"]["q"] for each in records_of(there, dataset_id)] == list(range(3000))


def alike(*apis: Api) -> bool:
    first, *others = (everything(each) for each in apis)
    return all(each == first for each in others)


def records(user: str = "ann") -> list[dict[str, Any]]:
    return [
        {
            "inputs": {"q": i},
            "outputs": {"answer": i, "nan": float("inf")},
            "expectations": {"score": i / 2},
            "tags": {USER: user, "i": str(i)},
            "source": {"source_type": "HUMAN", "source_data": {"source_id": f"s{i}"}},
        }
        for i in range(1, 6)
    ]
