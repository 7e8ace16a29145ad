"""What a team does with MLflow's evaluation datasets: make, fill, find, tag, share, read and delete them.

Called as `evaluation_datasets.py TRACKING_URI`; asserts as it goes, prints the id of its dataset.  Needs mlflow 3.4 or newer.
"""

import json
import sys

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.genai import datasets
from mlflow.tracking import MlflowClient

PERSON = {"mlflow.user": "ada"}


def questions() -> list[dict[str, object]]:
    return [
        {"inputs": {"question": f"What is {i} + {i}?"}, "expectations": {"answer": 2 * i}, "tags": {"level": "easy"}}
        for i in range(1_200)  # more than a page of records
    ]


def fault_of(dataset_id: str) -> str:
    try:
        datasets.get_dataset(dataset_id=dataset_id)
    except MlflowException as error:
        return str(error.error_code)
    return "none"


def main(uri: str) -> str:
    mlflow.set_tracking_uri(uri)
    first = mlflow.create_experiment("sums")
    second = mlflow.create_experiment("products")

    made = datasets.create_dataset(name="qa", experiment_id=[first], tags={"team": "north", **PERSON})
    made.merge_records(questions())
    made.merge_records(pd.DataFrame(questions()[:2]).assign(tags=[{"level": "hard"}] * 2))

    read = datasets.get_dataset(dataset_id=made.dataset_id)
    assert (read.name, read.created_by, read.experiment_ids) == ("qa", "ada", [first])
    assert json.loads(read.profile) == {"num_records": 1_200}
    assert json.loads(read.schema)["inputs"] == {"question": "string"}
    frame = read.to_df()
    assert len(frame) == 1_200
    assert list(frame["expectations"][:3]) == [{"answer": 0}, {"answer": 2}, {"answer": 4}]
    assert [tags["level"] for tags in frame["tags"][:3]] == ["hard", "hard", "easy"]
    assert [each.digest for each in datasets.search_datasets(filter_string="name = 'qa'")] == [read.digest]

    datasets.set_dataset_tags(dataset_id=made.dataset_id, tags={"state": "ready"})
    datasets.delete_dataset_tag(dataset_id=made.dataset_id, key="team")
    datasets.add_dataset_to_experiments(dataset_id=made.dataset_id, experiment_ids=[second])
    found = datasets.search_datasets(experiment_ids=[second], filter_string="tags.state = 'ready'")
    assert [each.dataset_id for each in found] == [made.dataset_id]
    assert datasets.search_datasets(experiment_ids=[second], filter_string="tags.team = 'north'") == []
    datasets.remove_dataset_from_experiments(dataset_id=made.dataset_id, experiment_ids=[first])
    assert MlflowClient().get_dataset(made.dataset_id).experiment_ids == [second]

    with mlflow.start_run(experiment_id=second) as run:
        mlflow.log_input(read)
    assert mlflow.get_run(run.info.run_id).inputs.dataset_inputs[0].dataset.digest == read.digest

    if hasattr(read, "delete_records"):
        assert read.delete_records(list(frame["dataset_record_id"][:200])) == 200
        assert len(datasets.get_dataset(dataset_id=made.dataset_id).to_df()) == 1_000
    spare = datasets.create_dataset(name="spare", experiment_id=first)
    datasets.delete_dataset(dataset_id=spare.dataset_id)
    assert fault_of(spare.dataset_id) == "RESOURCE_DOES_NOT_EXIST"
    return str(made.dataset_id)


if __name__ == "__main__":
    print(main(sys.argv[1]))
