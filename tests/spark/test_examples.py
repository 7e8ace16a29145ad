"""The code of the described notebook on real Spark: the stock client scores with models of Trackside."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from spark.conftest import ROOT, run
from support.processes.servers import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SCRIPT = ROOT / "examples" / "spark_scoring.py"
NOTEBOOK = ROOT / "examples" / "spark_scoring.ipynb"


def expected(python: Path, folder: Path, server: Server, model: str) -> dict[str, int]:
    """Count what the model says of the flowers that the example scores, without Spark."""
    code = f"""
import collections, json, mlflow
from sklearn.datasets import load_iris
mlflow.set_tracking_uri({server.url!r})
frame = load_iris(as_frame=True).frame.drop(columns="target")
frame = frame[frame["petal width (cm)"] > 1.0]
found = mlflow.pyfunc.load_model({model!r}).predict(frame)
print(json.dumps(collections.Counter(str(float(each)) for each in found)))
"""
    found: dict[str, int] = json.loads(run(python, folder, "-c", code).splitlines()[-1])
    return found


def example(python: Path, folder: Path, server: Server, model: str, *words: str) -> Any:
    return json.loads(run(python, folder, SCRIPT, server.url, model, "data", *words).splitlines()[-1])


@pytest.mark.parametrize("place", ["local", "cluster", "connect"])
def test_a_model_by_alias_scores_a_batch_and_a_stream_that_resumes(
    python: Path, served: Server, tmp_path: Path, request: pytest.FixtureRequest, place: str
) -> None:
    words: tuple[str, ...] = ()
    if place == "cluster":
        words = ("--master", request.getfixturevalue("master"))
    elif place == "connect":
        words = ("--remote", request.getfixturevalue("connect"))
    model = "models:/iris-classifier@champion"
    counts = expected(python, tmp_path, served, model)

    first = example(python, tmp_path, served, model, *words)
    before = {path.name for path in (tmp_path / "data" / "stream").glob("*.parquet")}
    second = example(python, tmp_path, served, model, *words)

    after = {path.name for path in (tmp_path / "data" / "stream").glob("*.parquet")}
    assert {name: float(count) for name, count in first["batch"].items()} == counts
    assert {name: float(count) / 2 for name, count in second["batch"].items()} == counts
    assert (first["streamed"], second["streamed"]) == (150, 300)
    assert before < after, "the files that the stream wrote at first are still there"
    assert first["first_array"] == [1.0]


def test_a_model_of_a_run_scores_a_batch(python: Path, served: Server, tmp_path: Path) -> None:
    version = served.api.get("model-versions/search", filter="name = 'iris-classifier'")["model_versions"][0]
    model = f"runs:/{version['run_id']}/model"

    found = example(python, tmp_path, served, model)

    assert found["batch"] == expected(python, tmp_path, served, model)


def test_the_notebook_runs(python: Path, served: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    script = tmp_path / "notebook.py"
    script.write_text(
        "\n\n".join("".join(cell["source"]) for cell in cells) + "\nimport json\nprint(json.dumps(seen))\n", "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(os.environ, "WORKSPACE_URL", served.url)

    seen = json.loads(run(python, tmp_path, script).splitlines()[-1])

    assert seen == {"batch": 93, "streamed": [150, 300], "same_as_pandas": True}
    assert all(not cell["outputs"] for cell in cells), "the notebook is kept without outputs"
