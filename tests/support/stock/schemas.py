"""Databases in all schemas of MLflow since 1.30: `python -m support.stock.schemas FOLDER REVISION…`.

A database of 1.30 with rows is upgraded from revision to revision, as by `mlflow db upgrade`; a copy of each is kept.
"""

import shutil
import sys
from pathlib import Path

import sqlalchemy
from alembic import command
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base

ROWS = """
INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
    VALUES (0, 'Default', './mlruns/0', 'active', 1, 2), (5, 'trees', './mlruns/5', 'deleted', 3, 4);
INSERT INTO experiment_tags (key, value, experiment_id) VALUES ('note', 'n', 5);
INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,
        source_version, lifecycle_stage, artifact_uri, experiment_id)
    VALUES ('r1', 'first', 'LOCAL', 's', '', 'ann', 'FINISHED', 10, 20, '', 'active', './mlruns/0/r1/artifacts', 0),
        ('r2', '', 'LOCAL', 's', '', NULL, 'RUNNING', 11, NULL, '', 'deleted', './mlruns/5/r2/artifacts', 5);
INSERT INTO params (key, value, run_uuid) VALUES ('lr', '0.1', 'r1');
INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.runName', 'second', 'r2'), ('t', 'u', 'r1');
INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
    VALUES ('m', 0.5, 1, 'r1', 0, 0), ('m', 0, 2, 'r1', 1, 1), ('m', 1.7976931348623157e308, 3, 'r1', 2, 0);
INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES ('m', 1.7976931348623157e308, 3, 2, 0, 'r1');
INSERT INTO registered_models (name, creation_time, last_updated_time, description) VALUES ('net', 5, 6, 'd');
INSERT INTO registered_model_tags (key, value, name) VALUES ('a', 'b', 'net');
INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, user_id, current_stage, source,
        run_id, status, status_message, run_link)
    VALUES ('net', 2, 7, 8, NULL, NULL, 'Staging', './mlruns/0/r1/artifacts/model', 'r1', 'READY', NULL, NULL);
INSERT INTO model_version_tags (key, value, name, version) VALUES ('c', 'd', 'net', 2)
"""


def main() -> None:
    folder, *revisions = sys.argv[1:]
    path = Path(folder) / "mlflow.db"
    url = f"sqlite:///{path}"
    engine = sqlalchemy.create_engine(url)
    Base.metadata.create_all(engine)
    for number, revision in enumerate(revisions):
        command.upgrade(_get_alembic_config(url), revision)
        if not number:
            with engine.begin() as connection:
                for statement in ROWS.split(";\n"):
                    connection.execute(sqlalchemy.text(statement))
        engine.dispose()
        shutil.copy(path, Path(folder) / f"{revision}.db")


if __name__ == "__main__":
    main()
