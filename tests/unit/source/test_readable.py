"""Every SQL text that lists experiments, runs or models excludes hidden objects, or is a listed exception.  Reads the source;
runs nothing of it."""

import ast
import functools
import re
from pathlib import Path

import pytest

from support.sources import tree
from unit.source.test_tenancy import _COMMENT, FOREIGN, SOURCE, sql_texts

pytestmark = pytest.mark.source

_OBJECTS = r"(?:experiments|runs|registered_models|model_versions|logged_models|\{\})"
_LISTS = re.compile(rf"^\s*(?:\(\s*)*SELECT\b.*?\bFROM\s+{_OBJECTS}(?!\w)", re.IGNORECASE | re.DOTALL)
# Bound to the key of an object, which `core/http/admission` has located and decided on.
_BY_KEY = re.compile(
    r"\b(?:\w+\.)?(?:experiment_seq|run_seq|model_seq|version_seq|experiment_id|run_id|model_id|name|uid|experiment)"
    r"\s*(?:=|IN)\s*:\w+|\b(?:IN|=)\s*\{\}",
    re.IGNORECASE,
)
_KNOWS = re.compile(r"\breadable\b|\bwritable\b")

WHOLE = "only callers with the right in the whole workspace reach it"
EXEMPT = {
    ("core/db/pg/backup.py", "_counter"): "a backup is of the whole store",
    **{
        ("backup/" + module, function): "a backup is of the whole store, and a command of its operator"
        for module, function in (
            ("create.py", "_elsewhere"),
            ("tables.py", "SqliteSource.rows"),
            ("tables.py", "PostgresSource.counter"),
            ("verify.py", "_orphans"),
            ("unpack.py", "_batches"),
            ("unpack.py", "_reserve"),
        )
    },
    ("sync/local/items.py", "ids"): WHOLE,
    ("sync/local/registry.py", "ids"): WHOLE,
    ("logged_models/search_sql.py", ""): "the experiment of a model that was found among those the caller may read",
    ("logged_models/search_sql.py", "_Statement.page"): "by experiments that `experiments.seqs_of` let through",
    **{
        ("monitoring/row_counts.py", name): "counts for who may read the metrics of the whole server"
        for name in ("_experiments", "_runs", "_deleted_runs", "_models", "_versions")
    },
    **{
        ("monitoring/overview.py", name): "counts, for callers who may read all changes"
        for name in ("_by", "_count", "_ended")
    },
    (
        "registry/files/removal.py",
        "versions_at_any",
    ): "who deletes an experiment is told which versions stand in the way",
    ("quotas/usage.py", "recount"): "counts of the whole workspace, by experiment and owner",
    **{
        (
            "cleanup/storage_scan.py",
            name,
        ): "a job counts what the whole workspace takes; who reads it is shown what they may"
        for name in ("_runs", "_models", "_versions", "_traces")
    },
    **{("cleanup/orphans/store.py", name): WHOLE for name in ("versions", "logged_models", "runs", "places")},
    **{
        ("cleanup/workspaces/store.py", name): "the end of a workspace"
        for name in ("", "runs_elsewhere", "models_elsewhere")
    },
    ("tenants.py", "sweep"): "the end of a workspace",
    ("tenants.py", "close"): "the end of a workspace",
    ("cleanup/survey.py", "_kept_of_run"): "ids of the logged models that a run, which the caller may delete, has made",
    ("registry/files/removal.py", "_overlapping"): "versions whose files a deletion must keep",
    ("registry/replica.py", "made_at"): WHOLE,
    ("registry/moving.py", "prepare"): "the end of a workspace",
    ("registry/moving.py", "_rename_shared"): "the end of a workspace",
    ("registry/search_sql.py", "_probes"): "narrows what `statement` filters",
    ("registry/stages.py", "replace"): WHOLE,
    ("runs/search_sql.py", "_Select.__init__"): "by experiments that `experiments.seqs_of` let through",
    ("traces/replica/store.py", "_stored"): WHOLE,
    ("traces/label_schemas/store.py", ""): "the default question of the one experiment that a call names",
    ("tenants.py", "_write_full_uris"): "the end of a workspace",
    ("tenants.py", ""): "the end of a workspace",
    ("tenants.py", "move_to_default"): "the end of a workspace",
    ("tenants.py", "_lock"): "the end of a workspace",
}


def listings(module: Path) -> set[str]:
    """The functions of a module that list objects."""
    return {
        text.function
        for text in sql_texts(module.read_text("utf-8"))
        if _LISTS.match(sql := _COMMENT.sub("", text.sql)) and not _BY_KEY.search(sql)
    }


def knows_the_caller(module: Path, function: str) -> bool:
    """The function's source speaks of what the caller may read."""
    source = module.read_text("utf-8")
    lines = source.splitlines()
    name = function.rpartition(".")[2]
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name == name
        and _KNOWS.search("\n".join(lines[node.lineno - 1 : node.end_lineno])) is not None
        for node in ast.walk(tree(source))
    )


@functools.cache
def found() -> dict[tuple[str, str], bool]:
    modules = [each for each in sorted(SOURCE.rglob("*.py")) if str(each.relative_to(SOURCE)) not in FOREIGN]
    return {
        (str(module.relative_to(SOURCE)), function): knows_the_caller(module, function)
        for module in modules
        for function in listings(module)
    }


def test_every_listing_excludes_hidden_objects_or_is_an_exception() -> None:
    loose = {where for where, knows in found().items() if not knows} - set(EXEMPT)

    assert not loose


def test_each_exception_is_still_needed() -> None:
    assert set(EXEMPT) <= {where for where, knows in found().items() if not knows}


@pytest.mark.parametrize(
    ("where", "function"),
    [
        ("experiments/search_sql.py", "query"),
        ("experiments/store.py", "seqs_of"),
        ("experiments/store.py", "get_by_name"),
        ("registry/search_sql.py", "statement"),
        ("runs/bulk.py", "_writable"),
    ],
)
def test_the_searches_know_the_caller(where: str, function: str) -> None:
    assert knows_the_caller(SOURCE / where, function)


@pytest.mark.parametrize(
    "source",
    [
        'def f(tx):\n    tx.all("SELECT run_id FROM runs WHERE workspace_id = :ws")',
        'def f(tx):\n    tx.all("SELECT name FROM experiments WHERE workspace_id = :ws AND lifecycle_stage = :stage")',
        'def f(tx):\n    tx.all(f"SELECT name FROM {table} WHERE workspace_id = :ws")',
    ],
)
def test_the_reader_finds_a_listing(source: str, tmp_path: Path) -> None:
    module = tmp_path / "m.py"
    module.write_text(source)

    assert listings(module) == {"f"}
    assert not knows_the_caller(module, "f")
