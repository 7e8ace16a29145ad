"""The article's notebook with `trackside_mlflow` in the place of `azureml.core`, by whichever mlflow runs this.

Called as `article.py SERVER FOLDER`; asserts as it goes.  The variables of the environment are set as a cluster would.
"""

import sys
from pathlib import Path

import mlflow
from mlflow.tracking import MlflowClient

from trackside_mlflow import Workspace, WorkspaceNotFound
from trackside_mlflow.azureml import install_as_azureml

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = "Research_Group"
LOSSES = [1.0, 0.5, 0.25]


def log(experiment: str) -> str:
    """The article's loop; returns the run's id."""
    mlflow.set_experiment(experiment)
    with mlflow.start_run() as run:
        for epoch, loss in enumerate(LOSSES):
            mlflow.log_metric("epoch_loss", loss, step=epoch)
        mlflow.log_text("a model", "model/weights.txt")
    return str(run.info.run_id)


def check_logged(run_id: str, folder: Path) -> None:
    history = MlflowClient().get_metric_history(run_id, "epoch_loss")
    assert [point.value for point in history] == LOSSES
    assert [info.path for info in MlflowClient().list_artifacts(run_id, "model")] == ["model/weights.txt"]
    (folder / run_id).mkdir()
    file = mlflow.artifacts.download_artifacts(
        run_id=run_id, artifact_path="model/weights.txt", dst_path=str(folder / run_id)
    )
    assert Path(file).read_text() == "a model"


def experiments(tracking_uri: str) -> set[str]:
    return {experiment.name for experiment in MlflowClient(tracking_uri).search_experiments()}


def the_articles_flow(server: str, name: str, folder: Path) -> Workspace:
    created = Workspace.create(name, subscription_id=SUBSCRIPTION, resource_group=GROUP, tags={"by": "test"})
    ws = Workspace.get(name=name, subscription_id=SUBSCRIPTION, resource_group=GROUP)
    assert ws == created
    assert ws.get_mlflow_tracking_uri() == f"{server}/ws/{name}"
    mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())
    check_logged(log("iris-classifier"), folder)
    return ws


def workspaces_are_apart(ws: Workspace, server: str) -> None:
    assert "iris-classifier" in experiments(ws.get_mlflow_tracking_uri())
    assert "iris-classifier" not in experiments(f"{server}/ws/default")


def handles_come_by_every_way(ws: Workspace, folder: Path) -> None:
    ws.write_config(folder)
    assert Workspace.from_config(folder) == ws
    assert Workspace.list(SUBSCRIPTION, resource_group=GROUP)[ws.name] == [ws]
    install_as_azureml()
    from azureml.core import Workspace as AzuresName  # type: ignore[import-not-found]  # it is there now

    assert AzuresName.get(ws.name, subscription_id=SUBSCRIPTION, resource_group=GROUP) == ws
    details = ws.update(description="an article's", tags={"by": "somebody"})
    assert (details["description"], details["tags"]) == ("an article's", {"by": "somebody"})
    try:
        Workspace.get(name="no-such-workspace")
    except WorkspaceNotFound as error:
        message = str(error)
    assert message.startswith("Workspace not found.")
    assert ws.name in message


def the_trackside_scheme_reaches_the_same_workspace(ws: Workspace, server: str, folder: Path) -> None:
    mlflow.set_tracking_uri(f"trackside://{server.partition('://')[2]}/{ws.name}")
    run_id = log("by-scheme")
    check_logged(run_id, folder)
    mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())
    check_logged(log("by-scheme"), folder)
    assert "by-scheme" in experiments(ws.get_mlflow_tracking_uri())
    assert "by-scheme" not in experiments(server)


def main(server: str, folder: Path) -> None:
    name = f"Team_{mlflow.__version__.split('.')[0]}"
    ws = the_articles_flow(server, name, folder)
    workspaces_are_apart(ws, server)
    handles_come_by_every_way(ws, folder)
    the_trackside_scheme_reaches_the_same_workspace(ws, server, folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
