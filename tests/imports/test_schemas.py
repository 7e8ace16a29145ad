"""Databases of every schema that MLflow had since 1.30, as its own migrations make them."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.processes.servers import environment
from trackside.imports.opening import Options, open_source
from trackside.imports.source import Source, SourceError
from trackside.imports.sources.revisions import KNOWN
from trackside.metrics.series import unpack
from trackside.sync import fields

TESTS = Path(__file__).parents[1]
LARGEST = 1.7976931348623157e308


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "support.stock.schemas", str(folder), *KNOWN],
        env={**environment(), "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.slow
def test_every_schema_reads_the_same(databases: Path) -> None:
    found = {revision: contents(f"sqlite:///{databases}/{revision}.db") for revision in KNOWN}

    first = found[KNOWN[0]]
    assert first["experiments"] == {"0": ("Default", "active", "1", "2"), "5": ("trees", "deleted", "3", "4")}
    assert first["runs"]["r1"] == {
        fields.NAME: "first", fields.STATUS: "FINISHED", fields.STAGE: "active", fields.USER: "ann",
        fields.START_TIME: "10", fields.END_TIME: "20", ("param", "lr"): "0.1", ("tag", "t"): "u",
    }  # fmt: skip
    assert first["runs"]["r2"][fields.NAME] == "second"
    assert first["points"] == {"r1": {"m": "[(0, 1, 0.5), (1, 2, nan), (2, 3, 1.7976931348623157e+308)]"}}
    assert first["last"] == {"r1": {"m": (2, 3, LARGEST)}, "r2": {}}
    assert "version=2" in first["registered"]
    assert {revision for revision in KNOWN if found[revision] != first} == set()


@pytest.mark.slow
def test_the_newest_schema_is_that_of_the_stock_release_that_the_tests_run(databases: Path) -> None:
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config

    script = ScriptDirectory.from_config(_get_alembic_config("sqlite://"))
    chain = [each.revision for each in script.walk_revisions()][::-1]

    assert chain[chain.index(KNOWN[0]) :] == KNOWN


@pytest.mark.parametrize("revision", ["bd07f7e963c5", "ffffffffffff"])
def test_an_unknown_schema_is_reported_by_its_name(tmp_path: Path, revision: str) -> None:
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    connection.close()

    with pytest.raises(SourceError, match=rf"the schema {revision} \(its alembic_version\)"):
        open_source(f"sqlite:///{tmp_path}/mlflow.db", Options())


def test_a_database_of_another_program_is_recognized(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE runs (a)")
    connection.close()
    (tmp_path / "text.db").write_text("no database at all, but long enough to be looked at")

    with pytest.raises(SourceError, match="none of MLflow's"):
        open_source(f"sqlite:///{tmp_path}/other.db", Options())
    with pytest.raises(SourceError, match="not a database"):
        open_source(f"sqlite:///{tmp_path}/text.db", Options())


def contents(url: str) -> dict[str, Any]:
    source = open_source(url, Options())
    try:
        runs = [run for page in source.runs() for run in page]
        return {
            "count": source.count(),
            "experiments": {
                each.id: (*(each.snapshot.doc[field] for field in (fields.NAME, fields.STAGE)), *each.times.values())
                for each in source.experiments()
            },
            "runs": {run.id: run.snapshot.doc for run in runs},
            "last": {run.id: run.last for run in runs},
            "points": {
                run_id: {key: repr(list(unpack(packed))) for key, packed in series.items()}
                for run_id, series in source.points(runs)
            },
            "models": list(source.models()),
            "registered": repr(_without_files(source)),
            "left_out": source.left_out,
        }
    finally:
        source.close()


def _without_files(source: Source) -> list[Any]:
    return [(model, [version.source for version in model.versions]) for model in source.registered()]
