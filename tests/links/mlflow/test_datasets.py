"""Evaluation datasets of a real `mlflow server`, which assigns ids itself and has no change log."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.client import Api, Socket
from support.evaluation_datasets import (
    all_of,
    associate,
    delete,
    delete_records,
    everything,
    experiments_of,
    ids_of,
    new_id,
    set_tags,
    tags_of,
    upsert,
    whole,
)
from support.links import add, check, link, log, settle, sync, until
from support.processes.servers import Server

pytestmark = pytest.mark.slow
LINK = "stock"
OWN = ("trackside.source_dataset_id", "trackside.source_workspace")
CONTENT = ("inputs", "outputs", "expectations", "tags", "source")


@pytest.fixture
def stock(stock_url: str) -> Iterator[Api]:
    transport = Socket(int(stock_url.rpartition(":")[2]))
    yield Api(transport)
    transport.close()


def test_a_local_dataset_is_pushed_and_updated(server: Server, stock: Api, stock_url: str) -> None:
    here = server.api.new_workspace("north")
    dataset_id = new_id(
        here, "pushed", tags={"team": "blue", "none": None}, experiment_ids=["0", here.new_experiment("ours")]
    )
    upsert(here, dataset_id, *records())
    add(here, LINK, stock_url)
    settle(here, LINK)
    copy = named(stock, "pushed")

    assert content(stock, copy) == content(here, dataset_id)
    assert whole(stock, copy)["experiments"] == ["Default", "ours"]
    assert {key: value for key, value in tags_of(stock, copy).items() if key not in OWN} == {
        "team": "blue",
        "none": None,
    }
    assert tags_of(stock, copy)[OWN[0]] == dataset_id
    assert check(here, LINK) == []

    set_tags(here, dataset_id, team="red")
    associate(here, "remove", dataset_id, "0")
    gone = all_of(here, dataset_id)
    delete_records(here, dataset_id, [each["dataset_record_id"] for each in gone[:2]])
    upsert(here, dataset_id, {**gone[0], "expectations": {"anew": 1}}, {"inputs": {"q": 3}, "tags": {"k": "v"}})
    settle(here, LINK)

    assert content(stock, copy) == content(here, dataset_id)
    assert (tags_of(stock, copy)["team"], whole(stock, copy)["experiments"]) == ("red", ["ours"])
    assert log(here, LINK) == []
    delete(here, dataset_id)
    settle(here, LINK)
    assert named(stock, "pushed") == ""


def test_a_remote_dataset_is_pulled_and_updated(server: Server, stock: Api, stock_url: str) -> None:
    here = server.api.new_workspace("north")
    theirs = new_id(stock, "pulled", tags={"team": "blue"}, experiment_ids=[stock.new_experiment("theirs")])
    upsert(stock, theirs, *records())
    add(here, LINK, stock_url, mode="pull", experiments=["theirs"])

    until(lambda: content(here, theirs) == content(stock, theirs), "the records to come")
    until(lambda: check(here, LINK) == [], "nothing to differ")
    kept = ("digest", "created_time", "last_update_time", "schema", "profile", "name", "tags", "experiments")
    found, there = whole(here, theirs), whole(stock, theirs)
    assert {key: found.get(key) for key in kept} == {key: there.get(key) for key in kept}
    ids = {each["dataset_record_id"] for each in all_of(here, theirs)}
    assert ids == {each["dataset_record_id"] for each in all_of(stock, theirs)}

    upsert(stock, theirs, {"inputs": {"q": 1}, "outputs": "new"}, {"inputs": {"q": 9}})
    until(lambda: content(here, theirs) == content(stock, theirs), "the changes to come")
    delete_records(stock, theirs, [all_of(stock, theirs)[0]["dataset_record_id"]])
    set_tags(stock, theirs, team="red")
    until(lambda: content(here, theirs) == content(stock, theirs), "the deletion of a record to come")
    until(lambda: tags_of(here, theirs) == {"team": "red"}, "the tag to come")
    delete(stock, theirs)
    until(lambda: ids_of(here) == set(), "the deletion to come")


def test_changes_of_either_side_reach_both(server: Server, stock: Api, stock_url: str) -> None:
    here = server.api.new_workspace("north")
    experiment = here.new_experiment("both")
    ours = new_id(here, "both", experiment_ids=[experiment])
    upsert(here, ours, *records())
    add(here, LINK, stock_url, mode="both", experiments=["both"])
    settle(here, LINK)
    copy = named(stock, "both")

    upsert(stock, copy, {"inputs": {"q": 1}, "expectations": {"theirs": 1}}, {"inputs": {"q": 9}})
    upsert(here, ours, {"inputs": {"q": 1}, "expectations": {"ours": 1}}, {"inputs": {"q": 8}})
    until(lambda: content(here, ours) == content(stock, copy) and len(all_of(here, ours)) == 7, "all to be there")
    until(lambda: check(here, LINK) == [], "nothing to differ")
    first = next(each for each in all_of(stock, copy) if each["inputs"] == {"q": 1})
    assert {"ours": 1, "theirs": 1}.items() <= first["expectations"].items()

    associate(stock, "remove", copy, *experiments_of(stock, copy))
    until(lambda: experiments_of(here, ours) == [], "the experiment to go")
    delete(stock, copy)
    until(lambda: ids_of(here) == set(), "the deletion to come")
    assert link(here, LINK).get("last_error") is None


def test_a_copy_that_comes_back_is_the_same_dataset(server: Server, stock: Api, stock_url: str) -> None:
    near, far = server.api.new_workspace("north"), server.api.new_workspace("south")
    dataset_id = new_id(near, "round", experiment_ids=[near.new_experiment("round")])
    upsert(near, dataset_id, *records())
    for api in (near, far):
        add(api, LINK, stock_url, mode="both", experiments=["round"])
    add(far, "back", f"{server.url}/ws/north", mode="both", experiments=["round"])

    until(lambda: content(far, dataset_id) == content(near, dataset_id), "it to be everywhere")
    upsert(far, dataset_id, {"inputs": {"q": 1}, "outputs": "far"})
    until(lambda: content(near, dataset_id) == content(far, dataset_id), "the change to come")
    for api in (near, far):
        settle(api, LINK)
        until(lambda api=api: check(api, LINK) == [], "nothing to differ")  # type: ignore[misc]

    assert list(everything(near)) == list(everything(far)) == [dataset_id]
    assert len([each for each in everything(stock).values() if each["name"] == "round"]) == 1


def test_a_sync_puts_back_what_was_changed_by_hand_and_copies_go_with_the_link(
    server: Server, stock: Api, stock_url: str
) -> None:
    here = server.api.new_workspace("north")
    dataset_id = new_id(here, "mended", experiment_ids=[here.new_experiment("mended")])
    upsert(here, dataset_id, *records())
    add(here, LINK, stock_url, experiments=["mended"])
    settle(here, LINK)
    copy = named(stock, "mended")
    upsert(stock, copy, {"inputs": {"q": 1}, "expectations": {"by": "hand"}}, {"inputs": {"only": "there"}})
    assert [each["what"] for each in check(here, LINK)] == [
        ["1 record is missing on the remote, or different in this workspace"]
    ]

    sync(here, LINK)
    settle(here, LINK)

    until(lambda: check(here, LINK) == [], "nothing to differ")
    assert len(all_of(stock, copy)) == 6
    assert "by" not in next(each for each in all_of(stock, copy) if each["inputs"] == {"q": 1})["expectations"]
    here.ask("DELETE", f"/api/trackside/v1/links/{LINK}?copies=remove")
    until(lambda: named(stock, "mended") == "", "the copy to go")
    assert list(everything(here)) == [dataset_id]


def named(api: Api, name: str) -> str:
    found = api.post("datasets/search", {"filter_string": f"name = '{name}'"}, version="3.0").get("datasets", [])
    return found[0]["dataset_id"] if found else ""


def content(api: Api, dataset_id: str) -> list[Any]:
    """What a client gave to the records, in the order of their inputs."""
    reply = api.ask("GET", f"datasets/{dataset_id}/records", version="3.0")
    if reply.status != 200:
        return []
    found = [{name: each.get(name) or None for name in CONTENT} for each in all_of(api, dataset_id)]
    return sorted(found, key=lambda each: str(each["inputs"]))


def records() -> list[dict[str, Any]]:
    return [
        {
            "inputs": {"q": i},
            "outputs": {"answer": i},
            "expectations": {"score": i / 2},
            "tags": {"mlflow.user": "ann", "i": str(i)},
            "source": {"source_type": "HUMAN", "source_data": {"source_id": f"s{i}"}},
        }
        for i in range(1, 6)
    ]
