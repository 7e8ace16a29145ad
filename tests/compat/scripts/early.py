"""Log and read back files by an mlflow that knows no server which keeps them, with `trackside_mlflow` beside it.

Called as `early.py FOLDER`; asserts as it goes, and prints the run's id.
"""

import sys
from pathlib import Path

import mlflow
from mlflow.tracking import MlflowClient

from trackside_mlflow import Workspace

BYTES = bytes(range(256))


def listed(run_id: str, path: str = "") -> "list[tuple[str, bool]]":
    return [(info.path, info.is_dir) for info in MlflowClient().list_artifacts(run_id, path or None)]


def main(folder: Path) -> None:
    (folder / "many" / "deep").mkdir(parents=True)
    (folder / "many" / "a.txt").write_text("a")
    (folder / "many" / "deep" / "b c.bin").write_bytes(BYTES)
    ws = Workspace.create("Early", exist_ok=True)
    mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())
    mlflow.set_experiment("iris-classifier")

    with mlflow.start_run() as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_metric("epoch_loss", 0.5, step=1)
        mlflow.log_text("hello", "texts/hello.txt")
        mlflow.log_artifacts(str(folder / "many"), "many")

    run_id = run.info.run_id
    assert listed(run_id) == [("many", True), ("texts", True)]
    assert listed(run_id, "many") == [("many/a.txt", False), ("many/deep", True)]
    (folder / "back").mkdir()
    back = Path(MlflowClient().download_artifacts(run_id, "", str(folder / "back")))
    assert (back / "many" / "deep" / "b c.bin").read_bytes() == BYTES
    assert (back / "texts" / "hello.txt").read_text() == "hello"
    (found,) = MlflowClient().search_runs([run.info.experiment_id], "metrics.epoch_loss < 1")
    assert (found.info.run_id, found.data.params) == (run_id, {"lr": "0.1"})
    print(run_id)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
