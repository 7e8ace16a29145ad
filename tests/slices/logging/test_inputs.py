"""A run is read with its input datasets and its input and output models."""

from typing import Any

import pytest

from support.client import Api

pytestmark = pytest.mark.both


def dataset(name: str, **more: str) -> dict[str, Any]:
    return {"name": name, "digest": "1", "source_type": "local", "source": f"/{name}", **more}


def test_a_run_has_its_datasets_with_their_tags_and_its_models(api: Api) -> None:
    first, second, bare = (api.new_run() for _ in range(3))
    model_ids = [
        api.post("logged-models", experiment_id="0", name=name, source_run_id=first)["model"]["info"]["model_id"]
        for name in "ab"
    ]
    own, shared = dataset("own", schema="{}", profile="[]"), dataset("shared")
    train, split = {"key": "mlflow.data.context", "value": "train"}, {"key": "a", "value": "b"}
    api.post(
        "runs/log-inputs",
        run_id=first,
        datasets=[{"dataset": own, "tags": [train, split]}, {"dataset": shared, "tags": [train]}],
        models=[{"model_id": each} for each in model_ids],
    )
    api.post("runs/log-inputs", run_id=second, datasets=[{"dataset": shared}])
    api.post("runs/outputs", run_id=first, models=[{"model_id": model_ids[0], "step": 7}])

    runs = [api.run(run_id) for run_id in (first, second, bare)]

    assert runs[0]["inputs"]["dataset_inputs"] == [
        {"dataset": own, "tags": [split, train]},
        {"dataset": shared, "tags": [train]},
    ]
    assert [each["model_id"] for each in runs[0]["inputs"]["model_inputs"]] == sorted(model_ids)
    assert runs[0]["outputs"]["model_outputs"] == [{"model_id": model_ids[0], "step": 7}]
    assert runs[1]["inputs"]["dataset_inputs"] == [{"dataset": shared}]
    for run in runs[1:]:
        assert not run["inputs"].get("model_inputs")
        assert not run.get("outputs", {}).get("model_outputs")
    assert not runs[2]["inputs"].get("dataset_inputs")
    found = api.post("runs/search", experiment_ids=["0"], filter=f"attributes.run_id = '{first}'")["runs"]
    assert found[0]["inputs"]["dataset_inputs"] == runs[0]["inputs"]["dataset_inputs"]
    assert not found[0]["inputs"].get("model_inputs")  # a search leaves them out, as MLflow's does
