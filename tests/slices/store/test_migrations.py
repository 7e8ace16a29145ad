"""Migrations of the schema, on both databases."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from support.stores.old_store import apply, begin
from trackside import opening
from trackside.core import locations
from trackside.core.db import index_statistics, migrate
from trackside.core.db.baseline import NotDerivable, baseline
from trackside.core.db.migrate import SchemaError, migrations
from trackside.core.db.postgres import PostgresDatabase
from trackside.core.db.sqlite import SqliteDatabase
from trackside.core.db.tx import Dialect
from trackside.core.settings import Settings
from trackside.experiments import store as experiments
from trackside.views import store as views
from trackside.workspaces import store as workspaces

pytestmark = pytest.mark.both

Open = Callable[[], Any]


@pytest.fixture(params=["sqlite", "postgresql"])
def open_empty(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Opens the same empty store, as often as it is called."""
    opened: list[Any] = []
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""

    def open_it() -> Any:
        if url:
            store = locations.store(url)
            assert isinstance(store, locations.PostgresStore)
            opened.append(PostgresDatabase(store))
        else:
            opened.append(SqliteDatabase(tmp_path / "store" / "trackside.db"))
        return opened[-1]

    yield open_it
    for each in opened:
        each.close()


def tables(db: Any) -> set[str]:
    with db.read(0) as tx:
        if tx.dialect == "sqlite":
            found = tx.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        else:
            found = tx.all("SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'")
    return {name for (name,) in found}


def catalog(db: Any) -> dict[str, list[Any]]:
    """Return all that the database knows of its tables, columns, keys, indexes and defaults, and the rows of a new store."""
    with db.read(0) as tx:
        queries = SQLITE_CATALOG if tx.dialect == "sqlite" else POSTGRES_CATALOG
        found = {name: tx.all(query) for name, query in queries.items()}
        names = sorted(tables(db) - {"schema_migrations"})
        return found | {name: tx.all(f"SELECT * FROM {name}") for name in names}


SQLITE_CATALOG = {
    "tables": "SELECT name, type, ncol, wr, strict FROM pragma_table_list WHERE schema = 'main' ORDER BY name",
    "columns": """
        SELECT t.name, c.cid, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
        FROM sqlite_master t, pragma_table_xinfo(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid
    """,
    "keys": """
        SELECT t.name, i.name, i."unique", i.origin, i.partial, x.seqno, x.name, x."desc", x.coll, x.key
        FROM sqlite_master t, pragma_index_list(t.name) i, pragma_index_xinfo(i.name) x
        WHERE t.type = 'table' ORDER BY t.name, i.name, x.seqno
    """,
    "indexes": "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name",
}
# A column of an index, and the constraint NOT NULL, are named after the column as it was named first.
POSTGRES_CATALOG = {
    "columns": """
        SELECT CAST(c.relname AS TEXT), CASE WHEN c.relkind <> 'i' THEN CAST(a.attname AS TEXT) END, a.attnum,
            format_type(a.atttypid, a.atttypmod), a.attnotnull,
            CAST(a.attidentity AS TEXT), CAST(o.collname AS TEXT), pg_get_expr(d.adbin, d.adrelid)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_collation o ON o.oid = a.attcollation
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = CAST('public' AS REGNAMESPACE) AND c.relkind IN ('r', 'i', 'S') ORDER BY 1, 3
    """,
    "keys": """
        SELECT CASE WHEN contype <> 'n' THEN CAST(conname AS TEXT) END,
            CAST(CAST(conrelid AS REGCLASS) AS TEXT), pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = CAST('public' AS REGNAMESPACE) ORDER BY 2, 1, 3
    """,
    "indexes": "SELECT CAST(indexname AS TEXT), indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
}


def test_the_baseline_script_equals_all_migrations(open_empty: Open) -> None:
    db = open_empty()
    with db.write(0) as tx:
        migrate._lock(tx)
        for each in migrations():
            tx.script(migrate.statements(each.text, tx.dialect))
        if tx.dialect == "sqlite":
            index_statistics.write(tx)
    one_by_one = catalog(db)
    with db.write(0) as tx:
        tx.script([f"DROP TABLE {name}" for name in tables(db)])

    migrate.upgrade(db)

    assert catalog(db) == one_by_one


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_new_store_needs_no_alter_table(dialect: Dialect) -> None:
    each = [statement for migration in migrations() for statement in migrate.statements(migration.text, dialect)]

    assert [statement for statement in baseline(each) if statement.startswith(("ALTER", "DROP"))] == []


def test_a_renamed_column_has_its_last_name_wherever_its_table_is_named() -> None:
    one_by_one = [
        "CREATE TABLE a (old BIGINT, older TEXT)",
        "CREATE TABLE b (old BIGINT)",
        "CREATE INDEX a_by_old ON a (older, old)",
        "CREATE INDEX b_by_old ON b (old)",
        "INSERT INTO a (old) VALUES (0)",
        "UPDATE a SET old = 1",
        "UPDATE b SET old = (SELECT MAX(old) FROM a)",
        "ALTER TABLE a RENAME COLUMN old TO new",
    ]

    assert baseline(one_by_one) == [
        "CREATE TABLE a (new BIGINT, older TEXT)",
        "CREATE TABLE b (old BIGINT)",
        "CREATE INDEX a_by_old ON a (older, new)",
        "CREATE INDEX b_by_old ON b (old)",
        "INSERT INTO a (new) VALUES (0)",
        "UPDATE a SET new = 1",
    ]


def test_a_migration_that_drops_a_table_is_not_folded_into_the_others() -> None:
    with pytest.raises(NotDerivable):
        baseline(["CREATE TABLE a (b BIGINT)", "DROP TABLE a"])


def test_each_file_has_a_number_of_its_own() -> None:
    """Numbers may have gaps, because parallel branches use different ranges."""
    numbers = [each.number for each in migrations()]

    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))


def test_both_databases_get_the_same_tables(open_empty: Open) -> None:
    db = open_empty()
    created = {name for each in migrations() for name in re.findall(r"CREATE TABLE (\w+)", each.text)}

    done = migrate.upgrade(db)

    assert done.applied == [f"{each.number:04}_{each.name}" for each in migrations()]
    assert tables(db) == created | {"schema_migrations"}


def test_an_applied_migration_is_not_applied_again(open_empty: Open) -> None:
    db = open_empty()
    assert migrate.status(db).version == 0

    migrate.upgrade(db)

    latest = migrations()[-1].number
    assert migrate.status(db) == migrate.Status(version=latest, latest=latest, pending=[], changed=[], unknown=[])
    assert migrate.upgrade(db) == migrate.Upgrade([])


@pytest.mark.slow
def test_an_older_store_keeps_its_contents(open_empty: Open, tmp_path: Path) -> None:
    db = open_empty()
    apply(db, migrations()[:1])
    begin(db)

    done = migrate.upgrade(db, tmp_path / "backups")

    assert done.applied == [f"{each.number:04}_{each.name}" for each in migrations()[1:]]
    with db.read(1) as tx:
        assert experiments.get(tx, "0").name == "Default"


@pytest.mark.slow
def test_workspaces_of_an_older_store_keep_their_folders(open_empty: Open) -> None:
    db = open_empty()
    apply(db, migrations()[:6])
    with db.write(0) as tx:
        for number, name in enumerate(["default", "north", "North"], start=1):
            tx.run(
                """
                INSERT INTO workspaces (workspace_id, uid, name, subscription_id, resource_group, creation_time,
                    last_update_time) VALUES (:id, :name, :name, 's', 'g', 1, 1)
                """,
                id=number,
                name=name,
            )

    migrate.upgrade(db)

    with db.write(1) as tx:
        if db.dialect == "postgresql":
            tx.one("SELECT setval(pg_get_serial_sequence('workspaces', 'workspace_id'), 3)")
        workspaces.create(tx, "NORTH")
        workspaces.create(tx, "south")
        folders = {each.name: each.folder for each in workspaces.all_of(tx)}
    assert folders == {"default": "", "north": "north", "North": "North", "NORTH": "NORTH.4", "south": "south"}


@pytest.mark.slow
def test_copied_files_of_versions_in_an_older_store_stay_their_own(open_empty: Open) -> None:
    db = open_empty()
    apply(db, [each for each in migrations() if each.number < 10])
    places = {
        "u1": "mlflow-artifacts:/registry/u1",
        "u2": "s3://bucket/folder/registry/u2",
        "u3": "mlflow-artifacts:/1/run/artifacts/model",
        "u4": None,
        "": "mlflow-artifacts:/registry/",
    }
    with db.write(1) as tx:
        for number, (uid, place) in enumerate(places.items(), start=1):
            tx.run(
                """
                INSERT INTO model_versions (workspace_id, uid, model_seq, name, version, current_stage, source,
                    storage_location, files_uri, run_id, run_link, model_id, is_prompt, creation_time, last_updated_time)
                VALUES (:ws, :uid, 1, 'iris', :number, 'None', '', '', :place, '', '', '', 0, 1, 1)
                """,
                uid=uid,
                number=number,
                place=place,
            )

    migrate.upgrade(db)

    with db.read(1) as tx:
        own = tx.all("SELECT uid FROM model_versions WHERE workspace_id = :ws AND has_own_folder = 1 ORDER BY uid")
    assert own == [("u1",), ("u2",)]


@pytest.mark.slow
def test_views_of_several_experiments_in_an_older_store_keep_their_experiments(open_empty: Open) -> None:
    db = open_empty()
    apply(db, [each for each in migrations() if each.number < 204])
    states = {
        "both": '{"query":"f=%22a%22","experiments":["12","1"]}',
        "one": '{"query":"order=\\"experiments\\":[\\"1\\",\\"12\\"]"}',
        "odd": '{"query":"\\u0000","experiments":["x",1]}',
        "others": '{"query":"","experiments":["12","2"]}',
        "gone": '{"experiments":["1","99"],"more":["2"]}',
    }
    with db.write(1) as tx:
        for number in (1, 2, 12):
            tx.run(
                """
                INSERT INTO experiments (experiment_seq, workspace_id, experiment_id, name, artifact_location, lifecycle_stage,
                    creation_time, last_update_time) VALUES (:seq, :ws, :number, :name, 'x', 'active', 1, 1)
                """,
                seq=number,
                number=number,
                name=str(number),
            )
        for name, state in states.items():
            tx.run(
                """
                INSERT INTO saved_views (workspace_id, experiment_seq, view_id, name, state, is_default, owner, version,
                    creation_time, last_update_time) VALUES (:ws, 1, :name, :name, :state, 0, '', 1, 1, 1)
                """,
                name=name,
                state=state,
            )

    migrate.upgrade(db)

    with db.read(1) as tx:
        found = {view.name: view.experiment_ids for view in views.of_experiment(tx, "1")}
    assert found == {"both": ["1", "12"], "one": [], "odd": [], "others": [], "gone": []}


def test_a_new_or_recent_store_needs_no_backup(open_empty: Open, tmp_path: Path) -> None:
    db = open_empty()

    migrate.upgrade(db, tmp_path / "backups")
    migrate.upgrade(db, tmp_path / "backups")

    assert not (tmp_path / "backups").exists()


def test_a_failed_migration_leaves_no_changes(open_empty: Open) -> None:
    db = open_empty()
    apply(db, migrations()[:1])
    second = migrations()[1]
    made = re.findall(r"CREATE TABLE (\w+)", second.text)
    with db.write(0) as tx:
        tx.run(f"CREATE TABLE {made[-1]} (in_the_way BIGINT)")
    before = tables(db)

    with pytest.raises(Exception, match="already exists"):
        migrate.upgrade(db)

    assert tables(db) == before
    assert migrate.status(db).version == 1


def test_a_newer_store_is_refused(open_empty: Open) -> None:
    db = open_empty()
    migrate.upgrade(db)
    with db.write(0) as tx:
        tx.run("INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (9001, 'future', 'x', 0)")

    with pytest.raises(SchemaError, match="schema version 9001, newer than this Trackside knows"):
        migrate.upgrade(db)

    assert migrate.status(db).unknown == [9001]


def test_a_store_made_by_other_files_is_refused(open_empty: Open) -> None:
    db = open_empty()
    migrate.upgrade(db)
    with db.write(0) as tx:
        tx.run("UPDATE schema_migrations SET checksum = 'other' WHERE number = 1")

    with pytest.raises(SchemaError, match="0001_tracking"):
        migrate.upgrade(db)


def test_a_database_of_mlflows_own_server_is_refused(open_empty: Open) -> None:
    db = open_empty()
    with db.write(0) as tx:
        tx.run("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        tx.run("CREATE TABLE experiments (experiment_id INTEGER)")

    with pytest.raises(SchemaError, match="MLflow's own server"):
        migrate.upgrade(db)

    assert tables(db) == {"alembic_version", "experiments"}


def test_servers_that_start_side_by_side_upgrade_one_after_the_other(open_empty: Open) -> None:
    databases = [open_empty() for _ in range(4)]

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(migrate.upgrade, databases))

    assert sorted(name for each in done for name in each.applied) == [f"{m.number:04}_{m.name}" for m in migrations()]
    assert migrate.status(databases[0]).pending == []


def test_the_default_workspace_is_created_once(chosen: Settings) -> None:
    for _ in range(2):
        opening.open_database(chosen).close()

    db = opening.open_database(chosen)
    with db.write(1) as tx:
        made = workspaces.create(tx, "north")
        found = [each.name for each in workspaces.all_of(tx)]
    db.close()
    again = opening.open_database(chosen)
    with again.write(1) as tx:
        workspaces.delete(tx, made)
    again.close()
    again = opening.open_database(chosen)
    with again.write(1) as tx:
        later = workspaces.create(tx, "south")
    again.close()

    assert found == ["default", "north"]
    assert (made.workspace_id, later.workspace_id) == (2, 3)  # no number is given twice
