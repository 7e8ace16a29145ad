"""Rights on evaluation datasets: they follow the experiments that a dataset is for."""

import pytest

from support.client import Api
from support.people import People


def new_dataset(api: Api, name: str, *experiments: str) -> str:
    made = api.post("datasets/create", name=name, experiment_ids=list(experiments), version="3.0")
    return str(made["dataset"]["dataset_id"])


def found(api: Api) -> list[str]:
    page = api.post("datasets/search", {}, version="3.0")
    return sorted(each["name"] for each in page.get("datasets", []))


def get(api: Api, dataset: str) -> int:
    return api.ask("GET", f"datasets/{dataset}", version="3.0").status


@pytest.mark.both
def test_a_reader_of_one_experiment_finds_only_its_datasets(people: People) -> None:
    admin = people.admin
    ours, theirs = admin.new_experiment("ours"), admin.new_experiment("theirs")
    mine = new_dataset(admin, "mine", ours)
    shared, other, loose = (
        new_dataset(admin, "shared", ours, theirs), new_dataset(admin, "other", theirs), new_dataset(admin, "loose"),
    )  # fmt: skip
    bo = people.add("bo", "MLflow READ", f"/ws/default/experiments/{ours}")

    assert found(bo) == ["mine"]
    assert [get(bo, each) for each in (mine, shared, other, loose)] == [200, 403, 403, 403]
    assert bo.ask("GET", f"datasets/{mine}/records", version="3.0").status == 200
    assert bo.ask("PATCH", f"datasets/{mine}/tags", {"tags": '{"a": "1"}'}, version="3.0").status == 403
    hidden, missing = (
        bo.fault(f"datasets/{each}", method="GET", version="3.0") for each in (other, "d-" + "0" * 32)
    )  # fmt: skip
    assert hidden == missing


def test_an_editor_of_one_experiment_creates_datasets_only_for_it(people: People) -> None:
    admin = people.admin
    ours, theirs = admin.new_experiment("ours"), admin.new_experiment("theirs")
    bo = people.add("bo", "MLflow EDIT", f"/ws/default/experiments/{ours}")

    made = new_dataset(bo, "mine", ours)
    assert bo.ask("PATCH", f"datasets/{made}/tags", {"tags": '{"a": "1"}'}, version="3.0").status == 200
    for experiments in ([theirs], [ours, theirs], []):
        reply = bo.ask("POST", "datasets/create", {"name": "x", "experiment_ids": experiments}, version="3.0")
        assert reply.status == 403, experiments
    more = bo.ask("POST", f"datasets/{made}/add-experiments", {"experiment_ids": [theirs]}, version="3.0")
    assert (more.status, bo.ask("DELETE", f"datasets/{made}", version="3.0").status) == (403, 403)

    people.grant("bo", "MLflow MANAGE", f"/ws/default/experiments/{ours}")
    assert bo.ask("DELETE", f"datasets/{made}", version="3.0").status == 200


@pytest.mark.both
def test_a_denial_at_an_experiment_hides_its_datasets_and_no_other(people: People) -> None:
    admin = people.admin
    secret, open_ = admin.new_experiment("secret"), admin.new_experiment("open")
    for name, experiments in (("hidden", [secret]), ("shared", [secret, open_]), ("seen", [open_]), ("loose", [])):
        new_dataset(admin, name, *experiments)
    bo = people.add("bo", "Contributor")
    people.deny("bo", "MLflow READ", f"/ws/default/experiments/{secret}")

    assert found(bo) == ["loose", "seen"]
    assert new_dataset(bo, "more")
    assert found(bo) == ["loose", "more", "seen"]


def test_a_caller_without_any_right_on_datasets_finds_none(people: People) -> None:
    new_dataset(people.admin, "one")
    bo = people.add("bo", "Creator")

    assert found(bo) == []
