"""Only the deletion of a workspace changes or removes entries of the registry's history.  Reads the source."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.source.test_tenancy import SOURCE, sql_texts

pytestmark = pytest.mark.source

END_OF_A_WORKSPACE = {("tenants.py", "remove"), ("tenants.py", "move_to_default"), ("registry/moving.py", "prepare")}
# Where a table's name is filled in later: which tables these are.
FILLED_IN = {
    ("backup/fill.py", "postgres"): "every table of an empty store, from a backup",
    ("backup/fill.py", "sqlite_file"): "every table of a new file, from a backup",
    ("evaluation_datasets/store.py", "delete"): "a dataset's records, experiments, tags and row",
    ("webhooks/subscriptions.py", "delete"): "webhooks and their deliveries",
    ("links/state/item_store.py", "forget_item"): "what links remember of an item",
    ("jobs/store.py", "remove_all"): "jobs, their logs, queues and schedules",
    ("links/state/generations.py", "store_was_replaced"): "what a link remembers of its items, their files and points",
    ("links/store.py", "remove"): "what links remember",
    ("links/store.py", "remove_all"): "the same",
    ("registry/moving.py", "_rename_shared"): "registered_models, model_versions",
    ("quotas/usage.py", "end"): "what quotas count",
    ("registry/models.py", "delete"): "a model's aliases, tags and row",
    ("cleanup/rows.py", "remove_experiment"): "an experiment with its tags, datasets and views",
    ("cleanup/rows.py", "remove_model"): "a logged model with its params, tags and points",
    ("cleanup/rows.py", "remove_runs"): "runs with all that was logged to them",
    ("cleanup/rows.py", "remove_value"): "a param or a tag",
    ("metrics/removal.py", "_remove_all"): "the points of a metric and its summary",
    ("runs/bulk.py", "_move"): "runs, params, tags, metric_series",
    ("runs/bulk.py", "_move_datasets"): "input_tags, inputs",
    ("traces/storage/trash.py", "purge"): "traces with what belongs to them",
    (
        "traces/storage/trash.py",
        "_file",
    ): "the experiment of what belongs to traces, which go to the trash or come from it",
    ("traces/storage/columns.py", "move"): "the experiment of what belongs to a trace",
    ("tenants.py", "close"): "the end of a workspace: what works by itself",
    ("tenants.py", "sweep"): "the end of a workspace: the rest, some rows at a time",
    ("tenants.py", "_write_full_uris"): "where artifacts are, which the history does not say",
}
_WRITTEN = re.compile(
    r"\b(?:UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM|(?:INSERT\s+OR\s+)?REPLACE\s+INTO|TRUNCATE(?:\s+TABLE)?|DROP\s+TABLE"
    r"|INSERT\s+INTO(?=[^;]*\bDO\s+UPDATE))\s+(?:ONLY\s+)?[\"`]?([\w{}]+)",
    re.IGNORECASE,
)


def rewritten(source: str) -> Iterator[str]:
    """The functions that change or remove rows of the history, or of a table that is filled in later."""
    for text in sql_texts(source):
        if any(table == "model_history" or "{}" in table for table in _WRITTEN.findall(text.sql)):
            yield text.function


def found() -> set[tuple[str, str]]:
    modules: list[Path] = sorted(SOURCE.rglob("*.py"))
    return {
        (str(module.relative_to(SOURCE)), function)
        for module in modules
        for function in rewritten(module.read_text("utf-8"))
    }


def test_the_history_is_append_only() -> None:
    assert found() == END_OF_A_WORKSPACE | set(FILLED_IN)


def test_no_migration_changes_the_history() -> None:
    for file in sorted((SOURCE / "core" / "db" / "migrations").glob("*.sql")):
        for statement in file.read_text("utf-8").split(";"):
            if "model_history" in _WRITTEN.findall(statement):
                assert statement.split() == [  # a column that is new
                    *"UPDATE model_history SET uid = (".split(),
                    *"SELECT v.uid FROM model_versions v WHERE v.model_seq = model_history.model_seq".split(),
                    *"AND v.version = model_history.version )".split(),
                    *"WHERE kind = 'version'".split(),
                ], file.name


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE model_history SET user_name = '' WHERE workspace_id = :ws",
        "DELETE FROM model_history WHERE workspace_id = :ws",
        "INSERT OR REPLACE INTO model_history (kind) VALUES (:kind)",
        "INSERT INTO model_history (kind) VALUES (:kind) ON CONFLICT (history_seq) DO UPDATE SET kind = excluded.kind",
        "WITH old AS (SELECT 1) DELETE FROM model_history WHERE workspace_id = :ws",
    ],
)
def test_the_checker_finds_statements_that_change_the_history(sql: str) -> None:
    assert list(rewritten(f'def f(tx):\n    tx.run("{sql}")')) == ["f"]


def test_the_checker_allows_inserts_into_the_history_and_reads() -> None:
    source = 'def f(tx):\n    tx.run("INSERT INTO model_history (kind) SELECT kind FROM model_history WHERE x = :ws")'

    assert list(rewritten(source)) == []
