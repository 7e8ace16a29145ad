"""The change log for a caller who is denied a part of the workspace."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from support.people import OURS, People
from trackside.core.settings import Settings


@pytest.fixture
def people(chosen: Settings, make_people: Callable[..., People]) -> People:
    return make_people(structs.replace(chosen, default_role=()))


def test_a_denial_hides_entries_and_details(people: People) -> None:
    admin = people.admin
    hidden, open_ = admin.new_experiment("hidden"), admin.new_experiment("open")
    runs = [admin.new_run(hidden), admin.new_run(open_)]
    for name in ("secret", "iris"):
        admin.post("registered-models/create", name=name, description=f"about {name}")
        admin.post("model-versions/create", name=name, source=f"runs:/{runs[0]}/model", run_id=runs[0])
    bo, cy = people.add("bo", "Reader"), people.add("cy", "Reader")
    people.deny("bo", "MLflow DENY", f"/ws/default/experiments/{hidden}")
    people.deny("bo", "MLflow DENY", "/ws/default/models/secret")

    found, whole = (api.get(f"{OURS}/changes")["changes"] for api in (bo, cy))
    live = bo.get(f"{OURS}/live", after=0)["changes"]

    expected = [f"experiment {open_}", f"run {runs[1]}", "registered_model iris", "model_version iris/1"]
    assert _entries(found)[::-1] == expected
    assert [each for each in _entries(live) if each in _entries(whole)] == expected
    assert not any("detail" in each for each in found)
    assert {"about secret", "about iris"} <= {each.get("detail", {}).get("description") for each in whole}


def test_a_caller_who_is_denied_an_experiment_names_a_run_in_azures_calls_too(people: People) -> None:
    bo = people.add("bo", "Owner")
    people.deny("bo", "MLflow DENY", f"/ws/default/experiments/{people.admin.new_experiment('hidden')}")

    status, code, message = bo.fault("/api/2.0/preview/mlflow/runs/get-run-data-status", method="GET")

    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "run_id" in message


def _entries(changes: list[dict[str, Any]]) -> list[str]:
    return [f"{each['entity']} {each['entity_id']}" for each in changes]
