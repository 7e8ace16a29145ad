"""The registry's calls that every mlflow from 1.30 on has.  Called as `old_registry.py TRACKING_URI`; needs mlflow only."""

import sys

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

if __name__ == "__main__":
    mlflow.set_tracking_uri(sys.argv[1])
    client = MlflowClient()
    name = f"flowers {mlflow.__version__}"
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "model/weights.txt")
    source = f"{run.info.artifact_uri}/model"

    client.create_registered_model(name, tags={"team": "north"}, description="flowers")
    for _ in range(2):
        client.create_model_version(name, source, run.info.run_id, tags={"from": "run"})
    assert [int(version.version) for version in client.get_latest_versions(name)] == [2]
    client.transition_model_version_stage(name, "1", "Production")
    client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    latest = {version.current_stage: int(version.version) for version in client.get_latest_versions(name)}
    assert latest == {"Production": 2, "Archived": 1}
    client.update_model_version(name, "2", "the better one")
    client.set_model_version_tag(name, "2", "checked", "yes")
    client.delete_model_version_tag(name, "2", "from")
    version = client.get_model_version(name, "2")
    assert (version.description, version.tags, version.run_id) == (
        "the better one",
        {"checked": "yes"},
        run.info.run_id,
    )
    assert client.get_model_version_download_uri(name, "2") == source
    assert len(client.search_model_versions(f"name='{name}'")) == 2
    assert [model.name for model in client.search_registered_models(f"name = '{name}'")] == [name]
    if hasattr(client, "list_registered_models"):  # of MLflow 1
        assert [model.name for model in client.list_registered_models()] == [name]
    client.delete_model_version(name, "1")
    assert int(client.create_model_version(name, source, run.info.run_id).version) == 3
    client.rename_registered_model(name, f"{name} renamed")
    model = client.get_registered_model(f"{name} renamed")
    assert (model.description, model.tags) == ("flowers", {"team": "north"})
    client.delete_registered_model(f"{name} renamed")
    try:
        client.get_registered_model(f"{name} renamed")
    except MlflowException as refused:
        print(refused.error_code)
