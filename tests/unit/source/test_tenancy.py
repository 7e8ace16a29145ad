"""Every SQL text that names a tenant's table binds its workspace.  Reads the source; runs nothing of it."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from support.sources import tree

pytestmark = pytest.mark.source

SOURCE = Path(__file__).parents[3] / "src" / "trackside"
MIGRATIONS = SOURCE / "core" / "db" / "migrations"

# Tables of the server as a whole: they have no workspace, and say here why not.
SHARED_TABLES = {
    "workspaces": "the tenants themselves; who may list them is the business of `workspaces`",
    "workspace_deletions": "workspaces that were deleted; who may see one is the business of `cleanup.workspaces`",
    "former_roots": "places that no workspace may have any more, since files of a deleted one lie there",
    "workspace_folders": "names of folders that are taken; who has which is in `workspaces`",
    "change_cursors": "how far the server's own readers of the change log have come, over all workspaces",
    "leases": "which server does what only one may",
    "last_backup": "a backup is of the whole store",
    "trace_span_names_upto": "how far the index of span names has come, over all workspaces",
    "access_state": "how often users and rights changed; it tells nothing of them",
    "principals": "users, groups and service principals may have roles in several workspaces",
    "group_members": "the same",
    "tokens": "belong to a user",
    "sessions": "the same",
    "identities": "say who a user is at an identity provider",
    "trusts": "say which JWTs of programs are a service principal's",
    "scim_resources": "what a directory says of a user or a group",
    "sign_ins": "sign-ins that are under way",
    "roles": "may be assigned in several workspaces",
    "assignments": "name a workspace, or places around it; who may see them is the business of `access`",
    "audit_log": "one chain for the whole server, with a right of its own",
    "audit_head": "the end of that chain",
    "sealing_keys": "which key the store's secrets are sealed with",
}

# Where a statement crosses workspaces on purpose: (module, function) and the reason.
CROSSING: dict[tuple[str, str], str] = {
    ("core/db/changes.py", "_highest"): "the log is one sequence, and complete up to a number for everybody",
    ("core/db/pg/backup.py", "_counter"): "a backup is of the whole store; this is where a table's counter stands",
    **{
        (
            "backup/" + module,
            function,
        ): "a backup is of the whole store: only its operator makes, checks and restores one, by command"
        for module, function in (
            ("create.py", "_elsewhere"),
            ("fill.py", "sqlite_file"),
            ("fill.py", "postgres"),
            ("tables.py", "SqliteSource.rows"),
            ("tables.py", "PostgresSource.counter"),
            ("verify.py", "_orphans"),
            ("unpack.py", "_copy_rows"),
            ("unpack.py", "_batches"),
            ("unpack.py", "_reserve"),
        )
    },
    ("traces/storage/span_names.py", "_file"): "an index of all traces up to a number; each entry keeps its workspace",
    (
        "traces/storage/offload.py",
        "_candidates",
    ): "the loop that moves spans to files serves all workspaces, each in its own transactions",
    ("events/store.py", "newest"): "the same number; it tells nothing of a change",
    ("events/store.py", "bounds"): "and the lowest one",
    ("events/store.py", "made_at"): "when a place in it was reached; it tells nothing of a change",
    ("events/store.py", "_between"): "the server's own readers of the log serve all workspaces",
    ("events/store.py", "_drop_old"): "the log is pruned by age",
    (
        "webhooks/subscriptions.py",
        "active",
    ): "the worker that delivers webhooks serves all workspaces, each its own changes",
    ("webhooks/subscriptions.py", "with_sign_ins"): "the same; each is sealed in its workspace",
    ("webhooks/deliveries.py", "webhooks_due"): "the same; what is due is then read in its workspace",
    (
        "links/store.py",
        "everywhere",
    ): "the workers of links serve all workspaces, each link in a transaction of its own",
    ("links/store.py", "number_of_all"): "a server has so many threads for links, whatever their workspaces",
    (
        "endpoints/store.py",
        "workspaces_with_any",
    ): "the controller of replicas serves all workspaces, each in a transaction of its own",
    (
        "endpoints/store.py",
        "workspaces_with_endpoints",
    ): "the table of routes is of all workspaces, each read in a transaction of its own",
    **{
        ("monitoring/row_counts.py", name): "counts for who may read the metrics of the whole server"
        for name in (
            "_experiments",
            "_runs",
            "_deleted_runs",
            "_trash_bytes",
            "_orphan_bytes",
            "_models",
            "_versions",
            "_deployments",
            "_replicas",
            "_links",
            "_monitors",
            "_checks",
            "_endpoints",
            "_artifact_bytes",
            "_deliveries",
            "_dead",
            "_jobs",
            "_waiting_jobs",
        )
    },
    (
        "endpoints/request_log/store.py",
        "endpoints_everywhere",
    ): "files of endpoints that are gone are deleted, of all workspaces",
    ("endpoints/traffic_store.py", "prune"): "what routers counted is pruned by age",
    (
        "quotas/store.py",
        "workspaces",
    ): "a server looks at the quotas of all workspaces, each in a transaction of its own",
    ("quotas/usage.py", "due"): "the same; each is counted by a job in its workspace",
    ("quotas/usage.py", "reading"): "a quota of the server limits what all workspaces have together",
    **{
        ("quotas/usage.py", name): "the same"
        for name in ("objects_of_server", "end_where_unlimited", "uncounted", "has_server_quota")
    },
    (
        "alerts/store.py",
        "workspaces",
    ): "a server looks at the alert rules of all workspaces, each in a transaction of its own",
    ("webhooks/deliveries.py", "prune"): "deliveries are pruned by age",
    ("jobs/store.py", "queues"): "a server runs the jobs of all workspaces, each in transactions of its own",
    ("jobs/store.py", "lost"): "the same",
    ("jobs/store.py", "old"): "jobs are pruned by age, each in a transaction of its own",
    ("jobs/store.py", "known"): "whether a folder's job is gone from all workspaces",
    (
        "jobs/schedule_store.py",
        "workspaces_due",
    ): "a server fires the schedules of all workspaces, as it runs their jobs",
    ("drift/monitors/store.py", "workspaces_due"): "a server queues the jobs of monitors of all workspaces",
}

# Whose SQL is for a database of somebody else's.
FOREIGN = {
    "imports/sources/database.py": "MLflow's tables, some of which have the names of ours",
    "imports/sources/database_datasets.py": "the same",
    "imports/sources/database_reviews.py": "the same",
    "imports/sources/database_traces.py": "the same",
}

_SQL = re.compile(
    r"\s*(?:\(\s*)*(?:"
    r"SELECT\b.+?\bFROM\b|INSERT\s+(?:OR\s+\w+\s+)?INTO\b|REPLACE\s+INTO\b|UPDATE\s+(?:OR\s+\w+\s+)?\S+\s+(?:AS\s+\w+\s+)?SET\b"
    r"|DELETE\s+FROM\b|WITH\s+(?:RECURSIVE\s+)?\w+\s*(?:\([^)]*\)\s*)?AS\b)",
    re.IGNORECASE | re.DOTALL,
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_NAME = r"[\"`]?([A-Za-z_{][\w{}]*)[\"`]?"
_TABLE = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE(?:\s+OR\s+\w+)?)\s+(?:ONLY\s+)?{_NAME}", re.IGNORECASE)
_FROM_LIST = re.compile(
    r"\bFROM\s+(.+?)(?=\b(?:WHERE|GROUP|ORDER|LIMIT|UNION|EXCEPT|INTERSECT|HAVING|RETURNING|ON|SET)\b|[()]|$)",
    re.IGNORECASE | re.DOTALL,
)
_CREATE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+) \((.*?)\n\)", re.IGNORECASE | re.DOTALL)
_BINDS = re.compile(r"(?<!:):ws\b")
_UNKNOWN = "{}"  # what an f-string fills in and this reader cannot know


@dataclass(frozen=True)
class Text:
    """One string of the source, with its constants filled in."""

    function: str
    line: int
    sql: str


def tables() -> dict[str, str]:
    """The columns of each table, from the migrations."""
    found: dict[str, str] = {}
    for file in sorted(MIGRATIONS.glob("*.sql")):
        found.update(_CREATE.findall(_COMMENT.sub("", file.read_text())))
    return found


def tenant_tables() -> set[str]:
    """The tables whose rows belong to a workspace."""
    return {name for name, columns in tables().items() if "workspace_id" in columns} - set(SHARED_TABLES)


def sql_texts(source: str) -> Iterator[Text]:
    """The SQL in a module's strings: plain, joined by `+`, formatted, and with the module's own constants put in."""
    module = tree(source)
    reader = _Reader(_constants(module))
    reader.visit(module)
    return (text for text in reader.texts if _SQL.match(_COMMENT.sub("", text.sql)))


def unbound(sql: str, tenants: set[str]) -> set[str]:
    """The tenants' tables that `sql` names without binding the workspace; a table filled in later counts as one."""
    sql = _COMMENT.sub("", sql)
    if _BINDS.search(sql):
        return set()
    named = set(_TABLE.findall(sql))
    for listed in _FROM_LIST.findall(sql):
        named |= {match.group(1) for part in listed.split(",") if (match := re.match(rf"\s*{_NAME}", part))}
    return {name for name in named if name in tenants or _UNKNOWN in name}


class _Reader(ast.NodeVisitor):
    """Collects whole strings with the function that they stand in; docstrings are no SQL."""

    def __init__(self, constants: Mapping[str, str]) -> None:
        self.texts: list[Text] = []
        self._constants = constants
        self._scope: list[str] = []

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._scope.append(node.name)
        self.generic_visit(node)
        self._scope.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  (the name that ast asks for)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._scope.append(node.name)
        self.generic_visit(node)
        self._scope.pop()

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        self._keep(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._keep(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if not self._keep(node):
            self.generic_visit(node)

    def _keep(self, node: ast.expr) -> bool:
        sql = _string(node, self._constants)
        if sql is not None:
            self.texts.append(Text(".".join(self._scope), node.lineno, sql))
        return sql is not None


def _string(node: ast.expr, constants: Mapping[str, str]) -> str | None:
    """The text of a string expression, or None if it is something else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return constants.get(name)
        case ast.FormattedValue(value=value):
            return _string(value, constants)
        case ast.JoinedStr(values=parts):
            return _joined(_string(part, constants) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            ends = [_string(left, constants), _string(right, constants)]
            return None if ends == [None, None] else _joined(ends)
        case ast.BinOp(left=left, op=ast.Mod()):
            pattern = _string(left, constants)
            return None if pattern is None else re.sub(r"%(\(\w+\))?s", _UNKNOWN, pattern)
    return None


def _joined(parts: Iterable[str | None]) -> str:
    return "".join(_UNKNOWN if part is None else part for part in parts)


def _constants(module: ast.Module) -> dict[str, str]:
    """The module's names for strings."""
    found: dict[str, str] = {}
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                continue
        text = _string(value, found)
        if text is not None:
            found[name] = text
    return found


@cache
def _loose() -> dict[tuple[str, str], list[str]]:
    """The SQL that binds no workspace, by module and function: its line and the tenants' tables that it names."""
    tenants = tenant_tables()
    found: dict[tuple[str, str], list[str]] = {}
    for module in sorted({str(file.relative_to(SOURCE)) for file in SOURCE.rglob("*.py")} - set(FOREIGN)):
        for text in sql_texts((SOURCE / module).read_text()):
            if names := unbound(text.sql, tenants):
                found.setdefault((module, text.function), []).append(f"{text.line}: {', '.join(sorted(names))}")
    return found


def test_every_table_belongs_to_a_workspace_or_is_an_exception() -> None:
    without = {name for name, columns in tables().items() if "workspace_id" not in columns}

    assert tenant_tables()
    assert without <= set(SHARED_TABLES)


def test_every_sql_text_on_a_tenants_table_binds_the_workspace() -> None:
    assert {place: lines for place, lines in _loose().items() if place not in CROSSING} == {}


def test_each_exception_is_still_needed() -> None:
    assert set(CROSSING) - set(_loose()) == set()


def test_the_reader_finds_sql_that_crosses_workspaces() -> None:
    sources = [
        'tx.all("SELECT run_id FROM runs")',
        'tx.run("""\n    -- :ws in a comment binds nothing\n    DELETE FROM runs\n""")',
        'tx.run("update runs set run_name = :name")',
        'tx.run("INSERT OR REPLACE INTO tags (key) VALUES (:key)")',
        'tx.all("SELECT 1 FROM workspaces AS w, runs AS r WHERE w.name = :ws_name")',
        'tx.all("SELECT 1 FROM workspaces w LEFT JOIN runs r ON r.run_seq = :id")',
        'tx.all("WITH some AS (SELECT run_seq FROM runs) SELECT * FROM some")',
        'tx.all("SELECT run_id " + columns + " FROM runs WHERE run_id = :id")',
        'tx.all("SELECT run_id "\n    "FROM runs")',
        'tx.all(f"SELECT {columns} FROM runs WHERE {where}")',
        'tx.all(f"SELECT key FROM {table} WHERE key = :key")',
        'TABLE = "runs"\ndef f(tx):\n    tx.all(f"SELECT 1 FROM {TABLE}")',
        'tx.all("SELECT 1 FROM %s" % table)',
        'tx.all("SELECT created::ws FROM runs")',
    ]

    assert [source for source in sources if not _crosses(source)] == []


def test_the_reader_leaves_other_text_alone() -> None:
    sources = [
        'tx.all("SELECT run_id FROM runs WHERE workspace_id = :ws")',
        'SCOPE = "workspace_id = :ws"\ndef f(tx):\n    tx.all(f"SELECT {columns} FROM runs WHERE {SCOPE}")',
        'tx.run("UPDATE workspaces SET tags = :tags")',
        'def f():\n    """Select what is FROM runs."""',
        'raise Invalid("select runs of one experiment")',
        "total = 1 + 2",
    ]

    assert [source for source in sources if _crosses(source)] == []


def _crosses(source: str) -> bool:
    return any(unbound(text.sql, {"runs", "tags"}) for text in sql_texts(source))
