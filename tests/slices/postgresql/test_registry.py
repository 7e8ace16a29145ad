"""Concurrent changes of the registry by two servers: the second waits for the first, and then sees its changes."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.links import until
from support.stores.postgres import Admin, rows
from trackside import opening, tenants
from trackside.core.db.postgres import PostgresDatabase
from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Invalid, NotFound
from trackside.core.settings import Settings
from trackside.experiments import store as experiments
from trackside.logged_models import store as logged_models
from trackside.registry import approvals, models, routes, stages, transitions, uses, versions
from trackside.registry.files import removal
from trackside.registry.files.origins import Origin
from trackside.registry.model import CreateModel, CreateVersion
from trackside.registry.stages import MLFLOW, Stage
from trackside.runs import lifecycle
from trackside.runs import store as runs
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace

Work = Callable[[Tx], Any]
Race = Callable[..., Any]
CLOUD = Origin("s3://b/a", "s3://b/a")


@pytest.fixture
def other(db: PostgresDatabase, postgres_settings: Settings) -> Iterator[PostgresDatabase]:
    """The same store as another server has it."""
    database = opening.open_database(postgres_settings)
    yield database
    database.close()


@pytest.fixture
def race(db: PostgresDatabase, other: PostgresDatabase, admin: Admin) -> Race:
    """`first` is done but not committed when `second` begins; commits when that waits, and gives what `second` gives."""

    def run(first: Work, second: Work, ws: int = 1) -> Any:
        with db.write(ws) as tx:
            first(tx)
            answer = other.writer.submit(ws, second)
            until(lambda: answer.done() or waits(admin, db._store.database), "the second one to wait")
        return answer.result(120)

    return run


def waits(admin: Admin, database: str) -> bool:
    """Return whether a connection waits for a lock."""
    return bool(rows(admin, "SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'", database))


@pytest.fixture
def iris(db: PostgresDatabase) -> str:
    with db.write(1) as tx:
        make(tx)
    return "iris"


def make(tx: Tx, name: str = "iris") -> None:
    """A model with two versions."""
    models.create(tx, name, {}, "")
    for _ in range(2):
        versions.create(tx, name, CLOUD, tags={}, run_link="", description="")


def test_a_version_that_another_server_deletes_cannot_come_into_use(race: Race, iris: str) -> None:
    with pytest.raises(NotFound, match="version=1"):
        race(
            lambda tx: versions.delete(tx, iris, "1"),
            lambda tx: uses.put(tx, "endpoint", "flowers", [(iris, 2), (iris, 1)]),
        )


@pytest.mark.parametrize("delete", [lambda tx: versions.delete(tx, "iris", "1"), lambda tx: models.delete(tx, "iris")])
def test_a_version_that_another_server_uses_cannot_be_deleted(race: Race, iris: str, delete: Work) -> None:
    with pytest.raises(BadState, match="is in use"):
        race(lambda tx: uses.put(tx, "endpoint", "flowers", [(iris, 1)]), delete)


@pytest.mark.parametrize(
    "enter",
    [
        lambda tx: transitions.move(tx, "iris", "1", "QA", archive_existing=False),
        lambda tx: approvals.ask(tx, "iris", "1", "QA", archive_existing=False, comment=""),
    ],
)
def test_a_stage_that_another_server_takes_away_gets_no_version(
    race: Race, db: PostgresDatabase, iris: str, enter: Work
) -> None:
    with db.write(1) as tx:
        stages.replace(tx, [*MLFLOW, Stage("QA")])

    with pytest.raises(Invalid, match="Invalid Model Version stage: QA"):
        race(lambda tx: stages.replace(tx, MLFLOW), enter)


def test_a_stage_into_which_another_server_moves_a_version_stays(race: Race, db: PostgresDatabase, iris: str) -> None:
    with db.write(1) as tx:
        stages.replace(tx, [*MLFLOW, Stage("QA")])

    with pytest.raises(Invalid, match="The stage QA cannot go: 1 model versions are in it"):
        race(
            lambda tx: transitions.move(tx, iris, "1", "QA", archive_existing=False),
            lambda tx: stages.replace(tx, MLFLOW),
        )


def test_no_version_is_created_from_files_that_another_server_deletes(
    race: Race, db: PostgresDatabase, iris: str
) -> None:
    with db.write(1) as tx:
        run_id, place = deleted_run_with_a_version(tx, iris)

    with pytest.raises(BadState, match="are being deleted"):
        race(
            lambda tx: removal.delete_version(tx, iris, "3", with_files=True, shared_too=False),
            lambda tx: routes.create_version(tx, CreateVersion(name=iris, source=f"{place}/data", run_id=run_id)),
        )


def test_files_are_kept_if_another_server_creates_a_version_from_them(
    race: Race, db: PostgresDatabase, iris: str
) -> None:
    with db.write(1) as tx:
        run_id, place = deleted_run_with_a_version(tx, iris)
        models.create(tx, "lily", {}, "")

    plan = race(
        lambda tx: routes.create_version(tx, CreateVersion(name="lily", source=f"{place}/data", run_id=run_id)),
        lambda tx: removal.delete_version(tx, iris, "3", with_files=True, shared_too=False),
    )

    assert [kept.reason for kept in plan.kept] == ["Other versions are made of them: lily/1"]


def test_versions_of_a_logged_model_by_two_servers_are_both_recorded(
    race: Race, db: PostgresDatabase, iris: str
) -> None:
    with db.write(1) as tx:
        model_id = logged_models.create(tx, "0")
        models.create(tx, "lily", {}, "")

    def register(name: str) -> Work:
        call = CreateVersion(name=name, source=f"models:/{model_id}", model_id=model_id)
        return lambda tx: routes.create_version(tx, call)

    race(register(iris), register("lily"))

    with db.read(1) as tx:
        tags = {tag.key: tag.value for tag in logged_models.get(tx, model_id).info.tags}
    assert json.loads(tags["mlflow.modelVersions"]) == [
        {"name": "iris", "version": 3},
        {"name": "lily", "version": 1},
    ]


WRITES: list[Work] = [
    lambda tx: routes.create_model(tx, CreateModel(name="lily")),
    lambda tx: routes.create_version(tx, CreateVersion(name="iris", source="s3://b/a")),
    lambda tx: models.set_tag(tx, "iris", "k", "v"),
    lambda tx: models.delete(tx, "iris"),
    lambda tx: versions.delete(tx, "iris", "1"),
    lambda tx: transitions.move(tx, "iris", "1", "Production", archive_existing=False),
    lambda tx: stages.replace(tx, [*MLFLOW, Stage("QA")]),
]


def use(tx: Tx) -> None:
    uses.put(tx, "endpoint", "flowers", [("iris", 1)])


@pytest.fixture
def north(db: PostgresDatabase) -> Workspace:
    """With a model."""
    with db.write(1) as tx:
        made = workspaces.create(tx, "north")
        experiments.create_default(tx.within(made.workspace_id), "mlflow-artifacts:/")
        make(tx.within(made.workspace_id))
    return made


def ends(workspace: Workspace) -> Work:
    def end(tx: Tx) -> None:
        workspaces.delete(tx, workspace)
        tenants.remove(tx)

    return end


def left(db: PostgresDatabase, workspace: Workspace) -> set[str]:
    """The tables that have rows of it."""
    with db.read(workspace.workspace_id) as tx:
        return {table for table in tenants.TABLES if tx.one(f"SELECT 1 FROM {table} WHERE workspace_id = :ws LIMIT 1")}


@pytest.mark.parametrize("write", [*WRITES[:2], *(pytest.param(each, marks=pytest.mark.slow) for each in WRITES[2:])])
def test_data_written_during_the_deletion_of_a_workspace_is_deleted_with_it(
    race: Race, db: PostgresDatabase, north: Workspace, write: Work
) -> None:
    race(write, ends(north), north.workspace_id)

    assert left(db, north) == set()


@pytest.mark.parametrize(
    "write", [use, WRITES[0], *(pytest.param(each, marks=pytest.mark.slow) for each in WRITES[1:])]
)
def test_nothing_is_written_to_a_deleted_workspace(
    race: Race, db: PostgresDatabase, north: Workspace, write: Work
) -> None:
    with pytest.raises(NotFound):
        race(ends(north), write, north.workspace_id)

    assert left(db, north) == set()


def test_a_workspace_whose_model_comes_into_use_stays(race: Race, db: PostgresDatabase, north: Workspace) -> None:
    with pytest.raises(BadState, match="iris/1 by endpoint 'flowers'"):
        race(use, ends(north), north.workspace_id)

    assert {"registered_models", "model_uses"} <= left(db, north)


def deleted_run_with_a_version(tx: Tx, name: str) -> tuple[str, str]:
    """The run, and where the files of version 3 lie."""
    run_id = lifecycle.create(tx, "0", run_name=None, user_id="", start_time=0, tags={})
    place = f"{runs.get(tx, run_id).info.artifact_uri}/model"
    routes.create_version(tx, CreateVersion(name=name, source=place, run_id=run_id))
    runs.delete(tx, run_id)
    return run_id, place
