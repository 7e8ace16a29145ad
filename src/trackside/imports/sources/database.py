"""A database of MLflow 1.30 to 3.17; the differences between releases are in `revisions`.

Every statement is short.  A row that is added during an import is found by the next import.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from trackside.core.db.tx import Row
from trackside.evaluation_datasets.whole_record import Record
from trackside.imports.places import Finder
from trackside.imports.source import (
    MAX_POINTS,
    PAGE,
    Given,
    Place,
    Registered,
    Reviews,
    SourceError,
    Traced,
    Version,
    plain,
)
from trackside.imports.sources import database_datasets, database_reviews, revisions
from trackside.imports.sources.database_traces import DatabaseTraces
from trackside.imports.sources.revisions import Schema
from trackside.imports.sources.rows import Rows, some
from trackside.metrics.series import Point, pack
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.item_documents import dataset_field, experiment_doc, model_doc, point_field, run_doc
from trackside.sync.local.reader import Snapshot

DEFAULT_WORKSPACE = "default"
_STATUS = {1: "PENDING", 2: "READY", 3: "FAILED"}
# Objects without a counterpart in Trackside, by table.
_NOT_TAKEN = {
    "webhooks": "webhooks (their secrets are sealed with a key of that server)",
    "endpoints": "gateway endpoints",
    "mcp_servers": "MCP servers",
}


class DatabaseSource:
    def __init__(self, rows: Rows, finder: Finder, workspace: str = DEFAULT_WORKSPACE) -> None:
        """`workspace` selects one of the workspaces of MLflow 3.10 and later."""
        self._rows = rows
        self._finder = finder
        self._workspace = workspace
        found = rows.all("SELECT version_num FROM alembic_version") if rows.columns("alembic_version") else []
        if len(found) != 1:
            raise SourceError("the database is none of MLflow's: it has no alembic_version")
        self._schema = Schema(found[0][0])
        self._experiments = {str(row[0]): row for row in self._experiment_rows()}
        if workspace != DEFAULT_WORKSPACE and not self._experiments:
            raise SourceError(f"the source has no workspace {workspace!r} with experiments")
        self.left_out = self._not_taken()

    def count(self) -> int:
        return sum(
            number
            for experiment_id, number in self._rows.all(
                "SELECT experiment_id, COUNT(*) FROM runs GROUP BY experiment_id"
            )
            if str(experiment_id) in self._experiments
        )

    def experiments(self) -> list[Given]:
        tags: dict[str, dict[str, str]] = {}
        for experiment_id, key, value in self._rows.all("SELECT experiment_id, key, value FROM experiment_tags"):
            tags.setdefault(str(experiment_id), {})[key] = value or ""
        return [
            Given(
                Snapshot(each, each, plain(experiment_doc(name, stage, tags.get(each, {})))),
                location or "",
                {},
                times(created, updated),
            )
            for each, (_, name, location, stage, created, updated) in self._experiments.items()
        ]

    def runs(self) -> Iterator[list[Given]]:
        after = ""
        while True:
            found = self._rows.all(
                f"""
                SELECT run_uuid, experiment_id, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri
                FROM runs WHERE run_uuid > ? ORDER BY run_uuid LIMIT {PAGE}
                """,
                after,
            )
            if not found:
                return
            after = found[-1][0]
            wanted = [row for row in found if str(row[1]) in self._experiments]
            if wanted:
                yield self._with_data(wanted)

    def whole(self, run: Given) -> Given:
        return run

    def points(self, runs: Sequence[Given]) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        for group, is_long in self._fitting([run.id for run in runs if run.last]):
            if is_long:
                for key in next(run.last for run in runs if run.id == group[0]):
                    for rows in self._long_series(group[0], key):
                        yield group[0], {key: _packed(rows)}
                continue
            rows = self._rows.all(
                f"""
                SELECT run_uuid, key, step, timestamp, value, is_nan FROM metrics WHERE run_uuid IN {some(group)}
                ORDER BY run_uuid, key, step, timestamp
                """,
                *group,
            )
            for run_id, of_run in groupby(rows, itemgetter(0)):
                yield run_id, {key: _packed(row[2:] for row in each) for key, each in groupby(of_run, itemgetter(1))}

    def models(self) -> Iterator[list[Given]]:
        if not self._schema.has(revisions.LOGGED_MODELS):
            return
        after = ""
        while True:
            found = self._rows.all(
                f"""
                SELECT model_id, experiment_id, name, artifact_location, creation_timestamp_ms, last_updated_timestamp_ms,
                    status, lifecycle_stage, model_type, source_run_id
                FROM logged_models WHERE model_id > ? ORDER BY model_id LIMIT {PAGE}
                """,
                after,
            )
            if not found:
                return
            after = found[-1][0]
            wanted = [row for row in found if str(row[1]) in self._experiments]
            if wanted:
                yield self._models(wanted)

    def traces(self) -> Iterator[list[Traced]]:
        return DatabaseTraces(self._rows, self._experiments, self._finder.at).pages()

    def reviews(self) -> Iterator[Reviews]:
        return database_reviews.reviews(self._rows, self._experiments)

    def registered(self) -> Iterator[Registered]:
        models = self._rows.all(
            f"""
            SELECT name, description, creation_time, last_updated_time FROM registered_models {self._where()} ORDER BY name
            """,
            *self._wanted(),
        )
        tags = self._registered("registered_model_tags", "key, value")
        aliases = (
            self._registered("registered_model_aliases", "alias, version")
            if self._schema.has(revisions.ALIASES)
            else {}
        )
        version_tags = self._registered("model_version_tags", "version, key, value")
        storage = "storage_location" if self._schema.has(revisions.STORAGE_LOCATION) else "NULL"
        versions = self._registered(
            "model_versions",
            f"""version, source, {storage}, run_id, run_link, description, current_stage, user_id, creation_time,
            last_updated_time""",
        )
        for name, description, created, updated in models:
            of_versions: dict[int, dict[str, str]] = {}
            for version, key, value in version_tags.get(name, []):
                of_versions.setdefault(version, {})[key] = value or ""
            yield Registered(
                name=name,
                description=description or "",
                created=created or 0,
                updated=updated or created or 0,
                tags={key: value or "" for key, value in tags.get(name, [])},
                aliases={alias: int(version) for alias, version in aliases.get(name, [])},
                versions=[
                    _version(row, of_versions.get(row[0], {}))
                    for row in sorted(versions.get(name, []))
                    if row[6] != "Deleted_Internal"
                ],
            )

    def datasets(self) -> Iterator[Given]:
        return database_datasets.datasets(self._rows, self._schema, self._where(), self._wanted())

    def records(self, dataset: Given) -> Iterator[Record]:
        return database_datasets.records(self._rows, self._schema, dataset.id)

    def place(self, entity: Entity, item: Given) -> Place:
        del entity
        return self._finder.at(item.artifact_uri)

    def place_of(self, uri: str) -> Place:
        return self._finder.of_version(uri)

    def close(self) -> None:
        self._finder.close()
        self._rows.close()

    def _experiment_rows(self) -> list[Row]:
        return self._rows.all(
            f"""
            SELECT experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time
            FROM experiments {self._where()} ORDER BY experiment_id
            """,
            *self._wanted(),
        )

    def _where(self) -> str:
        return "WHERE workspace = ?" if self._schema.has(revisions.WORKSPACES) else ""

    def _wanted(self) -> list[str]:
        if self._schema.has(revisions.WORKSPACES):
            return [self._workspace]
        if self._workspace != DEFAULT_WORKSPACE:
            raise SourceError(f"the source has no workspaces; there is no {self._workspace!r}")
        return []

    def _not_taken(self) -> list[str]:
        found = []
        for table, what in _NOT_TAKEN.items():
            if self._rows.columns(table):
                ((number,),) = self._rows.all(f"SELECT COUNT(*) FROM {table}")
                if number:
                    found.append(f"{number} {what}: Trackside does not have them")
        if self._schema.has(revisions.WORKSPACES):
            others = self._rows.all(
                """
                SELECT workspace FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id WHERE workspace <> ?
                UNION SELECT workspace FROM registered_models WHERE workspace <> ? ORDER BY 1
                """,
                self._workspace,
                self._workspace,
            )
            found += [f"the workspace {name}: import it by --source-workspace {name}" for (name,) in others]
        return found

    def _with_data(self, rows: Sequence[Row]) -> list[Given]:
        ids = [row[0] for row in rows]
        params = self._of_runs(ids, "SELECT run_uuid, key, value FROM params WHERE run_uuid IN")
        tags = self._of_runs(ids, "SELECT run_uuid, key, value FROM tags WHERE run_uuid IN")
        last = self._of_runs(
            ids, "SELECT run_uuid, key, step, timestamp, value, is_nan FROM latest_metrics WHERE run_uuid IN"
        )
        edges = self._edges(ids)
        found = []
        for run_id, experiment_id, name, user, status, start, end, stage, uri in rows:
            doc = run_doc(
                name=name,
                status=status,
                stage=stage,
                user=user,
                start_time=start,
                end_time=end,
                params=dict(params.get(run_id, [])),
                tags=dict(tags.get(run_id, [])),
            )
            points = {key: _point(rest) for key, *rest in last.get(run_id, [])}
            found.append(
                Given(Snapshot(run_id, str(experiment_id), {**plain(doc), **edges.get(run_id, {})}), uri or "", points)
            )
        return found

    def _edges(self, ids: Sequence[str]) -> dict[str, Doc]:
        """Return the datasets and the input and output models of runs."""
        edges: dict[str, Doc] = {}
        if not self._schema.has(revisions.DATASETS):
            return edges
        tags: dict[str, dict[str, str]] = {}
        for input_id, name, value in self._rows.all(
            f"""
            SELECT t.input_uuid, t.name, t.value FROM input_tags t JOIN inputs i ON i.input_uuid = t.input_uuid
            WHERE i.destination_type = 'RUN' AND i.destination_id IN {some(ids)}
            """,
            *ids,
        ):
            tags.setdefault(input_id, {})[name] = value
        for run_id, input_id, name, digest, kind, source, schema, profile in self._rows.all(
            f"""
            SELECT i.destination_id, i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source,
                d.dataset_schema, d.dataset_profile
            FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
            WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id IN {some(ids)}
            """,
            *ids,
        ):
            field, value = dataset_field(name, digest, kind, source, schema, profile, tags.get(input_id, {}))
            edges.setdefault(run_id, {})[field] = value
        if self._schema.has(revisions.INPUT_STEP):
            for run_id, kind, model_id, step in self._rows.all(
                f"""
                SELECT source_id, source_type, destination_id, step FROM inputs
                WHERE source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND source_id IN {some(ids)}
                """,
                *ids,
            ):
                field = Field(FieldKind.INPUT, model_id) if kind == "RUN_INPUT" else Field(FieldKind.OUTPUT, model_id)
                edges.setdefault(run_id, {})[field] = "0" if kind == "RUN_INPUT" else str(step)
        return edges

    def _models(self, rows: Sequence[Row]) -> list[Given]:
        ids = [row[0] for row in rows]
        params = self._of_runs(
            ids, "SELECT model_id, param_key, param_value FROM logged_model_params WHERE model_id IN"
        )
        tags = self._of_runs(ids, "SELECT model_id, tag_key, tag_value FROM logged_model_tags WHERE model_id IN")
        metrics = self._of_runs(
            ids,
            """
            SELECT model_id, metric_name, metric_step, metric_timestamp_ms, run_id, dataset_name, dataset_digest, metric_value
            FROM logged_model_metrics WHERE model_id IN
            """,
        )
        found = []
        for model_id, experiment_id, name, location, created, updated, status, stage, kind, run_id in rows:
            doc = model_doc(
                name=name,
                model_type=kind,
                source_run=run_id,
                status=_STATUS.get(status, "PENDING"),
                stage=stage,
                params=dict(params.get(model_id, [])),
                tags=dict(tags.get(model_id, [])),
                points=[point_field(*point) for point in metrics.get(model_id, [])],
            )
            found.append(
                Given(Snapshot(model_id, str(experiment_id), plain(doc)), location or "", {}, times(created, updated))
            )
        return found

    def _of_runs(self, ids: Sequence[str], select: str) -> dict[str, list[Any]]:
        """Return the rows of runs, by the first column."""
        found: dict[str, list[Any]] = {}
        for owner, *rest in self._rows.all(f"{select} {some(ids)}", *ids):
            found.setdefault(owner, []).append(rest)
        return found

    def _registered(self, table: str, columns: str) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for name, *rest in self._rows.all(f"SELECT name, {columns} FROM {table} {self._where()}", *self._wanted()):
            found.setdefault(name, []).append(rest)
        return found

    def _fitting(self, ids: Sequence[str]) -> Iterator[tuple[list[str], bool]]:
        """Yield runs whose points together fit into memory; a run with more points comes alone (True)."""
        if not ids:
            return
        counts: dict[str, int] = dict(
            self._rows.all(
                f"SELECT run_uuid, COUNT(*) FROM metrics WHERE run_uuid IN {some(ids)} GROUP BY run_uuid", *ids
            )
        )
        group: list[str] = []
        size = 0
        for run_id in ids:
            count = counts.get(run_id, 0)
            if group and size + count > MAX_POINTS:
                yield group, False
                group, size = [], 0
            if count > MAX_POINTS:
                yield [run_id], True
            elif count:
                group.append(run_id)
                size += count
        if group:
            yield group, False

    def _long_series(self, run_id: str, key: str) -> Iterator[list[Row]]:
        place = "CAST(is_nan AS INTEGER)"
        after: Row | None = None
        while True:
            further = "" if after is None else f"AND (step, timestamp, value, {place}) > (?, ?, ?, ?)"
            rows = self._rows.all(
                f"""
                SELECT step, timestamp, value, {place} FROM metrics WHERE run_uuid = ? AND key = ? {further}
                ORDER BY step, timestamp, value, {place} LIMIT {MAX_POINTS}
                """,
                run_id,
                key,
                *(after or ()),
            )
            if not rows:
                return
            yield rows
            after = rows[-1]


def times(created: int | None, updated: int | None) -> Doc:
    found: Doc = {}
    if created is not None:
        found[fields.CREATION_TIME] = str(created)
        found[fields.LAST_UPDATE_TIME] = str(created if updated is None else updated)
    return found


def _point(row: Sequence[Any]) -> Point:
    step, timestamp, value, is_nan = row
    return step, timestamp, float("nan") if is_nan or value is None else value


def _packed(rows: Iterable[Sequence[Any]]) -> bytes:
    return pack([_point(row) for row in rows])


def _version(row: Sequence[Any], tags: Mapping[str, str]) -> Version:
    version, source, storage, run_id, run_link, description, stage, user, created, updated = row
    return Version(
        version=int(version),
        source=source or "",
        files=storage or source or "",
        run_id=run_id or "",
        run_link=run_link or "",
        description=description,
        stage=stage or "None",
        user=user or "",
        created=created or 0,
        updated=updated or created or 0,
        tags=dict(tags),
    )
