"""Commands of backups, and what a store holds."""

from pathlib import Path
from typing import Any

import pytest

from slices.cleanup.test_deletions import filled_run
from support.client import Api
from support.traces import Sent, export, trace_id
from trackside.backup import tables
from trackside.cli.main import main
from trackside.core import settings as loading
from trackside.core.settings import Settings


class Said:
    """What a command prints, and how it ends."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = self._capsys.readouterr()
        return code, out, err


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(capsys)


def settings_of(data: Path, store: str = "") -> Settings:
    return loading.load({"--data": str(data)} | ({"--store": store} if store else {}), {})


def contents(chosen: Settings, scratch: Path) -> dict[str, list[Any]]:
    """The rows of every table that a backup has, in one order."""
    found = {}
    with tables.opened(chosen, scratch) as source:
        for name in tables.names(source.applied()):
            rows = [tuple(row) for row in source.rows(name, source.columns(name))]
            found[name] = sorted(rows, key=repr)
    return found


def files(data: Path) -> dict[str, bytes]:
    root = data / "artifacts"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def placed(data: Path) -> list[Path]:
    """The files that are in their place, also while others are written."""
    return [path for path in (data / "artifacts").glob("[!.]*/**/*") if path.is_file()]


def fill(api: Api) -> str:
    """Runs, a registered model, a workspace, a link, a logged model and a trace; the id of a run with two files."""
    run_id = filled_run(api)
    api.post("runs/log-metric", run_id=run_id, key="odd", value="NaN", timestamp=1, step=1)
    api.post("runs/set-tag", run_id=run_id, key="text", value="tab\there, line\nthere, back\\slash, ünï, NUL-free")
    api.post("registered-models/create", name="churn")
    source = f"{api.run(run_id)['info']['artifact_uri']}/model"
    api.post("model-versions/create", name="churn", source=source, run_id=run_id)
    team = api.new_workspace("team")
    filled_run(team)
    api.post("logged-models", experiment_id="0", name="net", source_run_id=run_id)
    export(api, Sent(1, name="root", attributes={"mlflow.spanInputs": "ü" * 1000}), Sent(2, parent=1))
    person = {"source_type": "HUMAN", "source_id": "ann"}
    said = {"assessment_name": "good", "trace_id": trace_id(1), "source": person, "feedback": {"value": True}}
    api.post(f"traces/{trace_id(1)}/assessments", version="3.0", assessment=said)
    api.post("traces/link-to-run", trace_ids=[trace_id(1)], run_id=run_id)
    fields = {"name": "twin", "to": "http://127.0.0.1:9", "kind": "mlflow", "mode": "push", "backfill": "none"}
    api.post("/api/trackside/v1/links", fields)
    return run_id
