"""Everything that the stock client sees of a store, as JSON: `python -m support.stock.reader URI`.

Says nothing of where files lie and of the ids of experiments, which may differ between two stores with the same content.
"""

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import ViewType


def experiments(client: MlflowClient) -> dict[str, Any]:
    return {
        each.name: {
            "stage": each.lifecycle_stage,
            "tags": each.tags,
            "times": [each.creation_time, each.last_update_time] if each.name != "Default" else None,
            "runs": runs(client, each.experiment_id),
            "models": models(client, each.experiment_id),
        }
        for each in client.search_experiments(view_type=ViewType.ALL)
    }


def runs(client: MlflowClient, experiment_id: str) -> dict[str, Any]:
    found = {}
    token = None
    while True:
        page = client.search_runs([experiment_id], run_view_type=ViewType.ALL, max_results=1000, page_token=token)
        for each in page:
            run = client.get_run(each.info.run_id)
            found[run.info.run_id] = {
                "info": {
                    name: getattr(run.info, name)
                    for name in "run_name user_id status start_time end_time lifecycle_stage".split()
                },
                "params": run.data.params,
                "tags": run.data.tags,
                "last": {key: repr(value) for key, value in run.data.metrics.items()},
                "points": {
                    key: sorted(
                        [m.step, m.timestamp, repr(m.value)] for m in client.get_metric_history(run.info.run_id, key)
                    )
                    for key in run.data.metrics
                },
                "datasets": [
                    [given.dataset.to_dictionary(), sorted([tag.key, tag.value] for tag in given.tags)]
                    for given in run.inputs.dataset_inputs
                ],
                "inputs": sorted(model.model_id for model in run.inputs.model_inputs or []),
                "outputs": sorted(
                    [model.model_id, model.step] for model in (run.outputs and run.outputs.model_outputs) or []
                ),
                "files": files(lambda to, run_id=run.info.run_id: client.download_artifacts(run_id, "", to)),
            }
        token = page.token
        if not token:
            return found


def models(client: MlflowClient, experiment_id: str) -> dict[str, Any]:
    import mlflow

    found = {}
    for each in client.search_logged_models([experiment_id]):
        model = client.get_logged_model(each.model_id)
        uri = f"models:/{model.model_id}"
        found[model.model_id] = {
            **{name: getattr(model, name) for name in "name model_type source_run_id params tags".split()},
            "status": str(model.status),
            "times": [model.creation_timestamp, model.last_updated_timestamp],
            "metrics": sorted(
                [m.key, m.step, m.timestamp, m.run_id, m.dataset_name, m.dataset_digest, repr(m.value)]
                for m in model.metrics or []
            ),
            "files": files(lambda to, uri=uri: mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=to)),
        }
    return found


def registered(client: MlflowClient) -> dict[str, Any]:
    import mlflow

    found: dict[str, Any] = {}
    for each in client.search_registered_models():
        model = client.get_registered_model(each.name)
        found[model.name] = {
            "description": model.description or "",
            "tags": model.tags,
            "aliases": {alias: str(version) for alias, version in model.aliases.items()},
            "times": [model.creation_timestamp, model.last_updated_timestamp],
            "versions": {},
        }
        for listed in client.search_model_versions(f"name = '{each.name}'"):
            version = client.get_model_version(each.name, listed.version)
            uri = f"models:/{each.name}/{version.version}"
            found[model.name]["versions"][str(version.version)] = {
                **{
                    name: getattr(version, name) or ""
                    for name in "current_stage description run_id run_link status".split()
                },
                "tags": version.tags,
                "times": [version.creation_timestamp, version.last_updated_timestamp],
                "files": files(lambda to, uri=uri: mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=to)),
            }
    return found


def files(download: Any) -> dict[str, str]:
    """Checksums by path."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(download(name))
        return {
            path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }


def main() -> None:
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    import mlflow

    mlflow.set_tracking_uri(sys.argv[1])
    mlflow.set_registry_uri(sys.argv[1])
    client = MlflowClient(sys.argv[1], sys.argv[1])
    json.dump({"experiments": experiments(client), "registered": registered(client)}, sys.stdout)


if __name__ == "__main__":
    main()
