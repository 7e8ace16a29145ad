"""An open transaction in one workspace: named placeholders for both databases, and the change log."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol

from msgspec import Struct

from trackside.core.access import ALL_RIGHTS, OPEN, Action, Caller, Rights, Visit
from trackside.core.db.debounce import UncommittedChanges
from trackside.core.errors import Invalid

Dialect = Literal["sqlite", "postgresql"]
Value = str | int | float | bytes | None
Row = tuple[Any, ...]
Entity = tuple[str, int, str]  # its kind, workspace and id

# A quoted string or a comment is skipped whole; `::` is PostgreSQL's cast.
_TOKENS = re.compile(
    r"""'(?:[^']|'')*'|"[^"]*"|--[^\n]*|::|\s*\b(?P<lock>FOR\s+(?:UPDATE|SHARE|KEY\s+SHARE)(?:\s+OF\s+\w+)?(?:\s+SKIP\s+LOCKED)?)\b"""
    r"""|(?:\b(?P<inside>(?:NOT\s+)?IN)\s+)?:(?P<name>[a-z_][a-z_0-9]*)""",
    re.IGNORECASE,
)
MAX_LISTED = 64  # a list of at most this many elements has a placeholder for each; a longer one is faster as JSON
AS_ARRAY, AS_JSON = -1, -2  # instead of the length of a list


class Change(Struct, frozen=True):
    """An entry of the change log, which links, webhooks, live views and the audit log read."""

    entity: str
    entity_id: str
    action: str
    detail: str | None = None  # JSON


class Condition(NamedTuple):
    """A part of a WHERE clause, with its leading AND, and its parameters."""

    sql: str
    params: dict[str, Any]


EVERYTHING = Condition("", {})


class Query(NamedTuple):
    """A SELECT and its parameters."""

    sql: str
    params: dict[str, Any]


class Statement(Struct, frozen=True):
    """SQL with numbered placeholders, and the names of the parameters in that order."""

    text: str
    names: tuple[str, ...]


@lru_cache(maxsize=2048)
def compile_sql(sql: str, mark: str, lengths: tuple[tuple[str, int], ...] = ()) -> Statement:
    """Replace `:name` by `?1` or `$1`, and `IN :name` of a list in `lengths` by an expression for that many values.

    SQLite has no row locks, so `FOR UPDATE` and similar clauses are removed for it."""
    numbers: dict[str, int] = {}
    expanded = dict(lengths)

    def number(name: str) -> str:
        return f"{mark}{numbers.setdefault(name, len(numbers) + 1)}"

    def replace(found: re.Match[str]) -> str:
        name, inside = found["name"], found["inside"]
        if found["lock"]:
            return "" if mark == "?" else found[0]
        if name is None:
            return found[0]
        length = expanded.get(name)
        if length is None:
            return f"{inside} {number(name)}" if inside else number(name)
        if not inside:
            raise ValueError(f"the list :{name} does not follow IN")
        if length == AS_ARRAY:
            return f"{'= ANY' if inside.upper() == 'IN' else '<> ALL'} ({number(name)})"
        if length == AS_JSON:
            return f"{inside} (SELECT value FROM json_each({number(name)}))"
        return f"{inside} (" + ", ".join(number(f"{name}[{i}]") for i in range(length)) + ")"

    return Statement(_TOKENS.sub(replace, sql), tuple(numbers))


def expand(params: dict[str, Any], dialect: Dialect) -> tuple[tuple[tuple[str, int], ...], dict[str, Any]]:
    """Return the lengths of the list parameters and the parameters in the dialect's form, so that few texts are prepared.

    PostgreSQL gets a list as one array.  SQLite gets one placeholder for each element, padded to a power of two, or JSON for a
    long list."""
    lengths = []
    flat = {}
    for name, value in params.items():
        if not isinstance(value, (list, tuple)):
            flat[name] = value
        elif dialect == "postgresql":
            lengths.append((name, AS_ARRAY))
            flat[name] = value or None
        elif len(value) > MAX_LISTED:
            lengths.append((name, AS_JSON))
            flat[name] = json.dumps(value)
        else:
            values = value or [None]  # `x IN (NULL)` is never true
            size = 1 << (len(values) - 1).bit_length()
            lengths.append((name, size))
            for i in range(size):
                flat[f"{name}[{i}]"] = values[min(i, len(values) - 1)]
    return tuple(lengths), flat


OnCommit = Callable[[Set[int]], None]  # gets the workspaces whose change log has grown
OnChange = Callable[[Set[int] | None], None]  # the same; None: any workspace may have changed


class Session(Protocol):
    """The connection of a transaction.  `execute` returns rows (empty for a write) and a row count."""

    dialect: Dialect
    mark: str

    def execute(self, text: str, values: Sequence[Any]) -> tuple[list[Row], int]: ...

    def execute_several(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Row]]:
        """Return the rows of each statement; on PostgreSQL in one round trip.

        On PostgreSQL each statement sees the commits before its own start (READ COMMITTED)."""
        ...

    def execute_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None: ...

    def execute_script(self, statements: Sequence[str]) -> None: ...

    def note_change(self, ws: int) -> None:
        """Record that this transaction appends to the change log of the workspace."""
        ...


class Memory(dict[tuple[str, int, str], Any]):
    """A cache that the only writer of a store keeps between transactions, by (entity, workspace, id).

    A rollback empties it, and a recorded change of an entity removes its entry.  It also tracks which entities changed since an
    epoch (one for each group of commands), so that a value computed from a snapshot is saved only while it is current."""

    LIMIT = 50_000

    def __init__(self) -> None:
        super().__init__()
        self.epoch = 1  # of the open group
        self.committed = 0  # every change up to this epoch is visible to a snapshot that begins now
        self.announced = 0  # counts reads of the change log: a change announced before the last read is announced again
        self.weight = 0  # size of the entries, in units of their owners
        self._changed: dict[tuple[str, int, str], int] = {}
        self._floor = 0  # changes up to this epoch are not tracked any more

    def touch(self, key: tuple[str, int, str]) -> None:
        self._changed[key] = self.epoch

    def touch_all(self) -> None:
        """Record that everything in the store may have changed, and empty the cache."""
        self.forget_all()
        self._forget_changes(self.epoch)

    def changed_since(self, key: tuple[str, int, str], epoch: int) -> bool:
        """Return whether the entity changed after the epoch; True also if that is not tracked any more."""
        last = self._changed.get(key)
        return (self._floor if last is None else last) > epoch  # the floor is read last: see `_forget_changes`

    def end_group(self) -> None:
        self.committed = self.epoch
        self.epoch += 1
        if len(self._changed) > self.LIMIT:
            self._forget_changes(self.committed)
        if self.weight > self.LIMIT:
            self.forget_all()

    def _forget_changes(self, floor: int) -> None:
        self._floor = floor  # first: another thread may call `changed_since` meanwhile
        self._changed.clear()

    def forget_all(self) -> None:
        self.clear()
        self.weight = 0


class Tx:
    """An open transaction.  It binds `:ws` and `:now`."""

    __slots__ = (
        "_session",
        "audit",
        "caller",
        "dialect",
        "epoch",
        "memory",
        "now",
        "rights",
        "source",
        "touched",
        "user",
        "ws",
    )

    def __init__(
        self,
        session: Session,
        ws: int,
        now: int,
        memory: Memory | None = None,
        epoch: int = 0,
        touched: "UncommittedChanges[Entity] | None" = None,
    ) -> None:
        self._session = session
        self.dialect: Dialect = session.dialect
        self.ws = ws
        self.now = now  # ms since 1970
        self.memory = memory
        self.touched = touched  # changed entities, for the debouncer
        self.epoch = epoch  # of a snapshot: it sees every change up to this epoch; 0: unknown
        self.user = ""  # the signed-in user, else the name that the caller sent; empty: unknown
        self.caller: Caller = OPEN
        self.rights: Rights = ALL_RIGHTS  # in this workspace
        self.audit: Audit | None = None  # gets the changes of a signed-in caller
        self.source: Callable[[], Any] | None = None  # returns the origin of the call, for the audit log

    def within(self, ws: int) -> "Tx":
        """Return the same transaction in another workspace."""
        return self._copy(ws, epoch=0)

    def by(self, user: str) -> "Tx":
        """Return the same transaction with `user` as its user."""
        copied = self._copy(self.ws, self.epoch)
        copied.user = user
        return copied

    def in_visit(self, visit: Visit) -> "Tx":
        """Return the same transaction with the caller, rights and origin of a call."""
        caller = visit.caller
        copied = Tx(self._session, self.ws, self.now, self.memory, self.epoch, self.touched)
        copied.user, copied.source = visit.user, visit.source
        copied.caller, copied.rights, copied.audit = caller, visit.rights, caller.audit
        return copied

    def for_caller(self, caller: Caller, rights: Rights) -> "Tx":
        """Return the same transaction with the caller's rights, by which lists are filtered."""
        copied = self._copy(self.ws, self.epoch)
        copied.caller, copied.rights, copied.audit = caller, rights, caller.audit
        return copied

    def _copy(self, ws: int, epoch: int) -> "Tx":
        copied = Tx(self._session, ws, self.now, self.memory, epoch, self.touched)
        copied.user, copied.source = self.user, self.source
        copied.caller, copied.rights, copied.audit = self.caller, self.rights, self.audit
        return copied

    def only_readable(self, kind: str, action: Action, column: str, name: str = "") -> Condition:
        """Return the condition that `column` names an object of the kind that the caller may read; empty if all are readable.
        `name` is the name of its parameter, for statements with two such conditions."""
        limit = self.rights.limit(kind, action)
        if limit is None:
            return EVERYTHING
        name = name or f"readable_{kind}"
        ids: list[Any] = [int(id_) for id_ in limit.ids] if kind == "experiment" else list(limit.ids)
        return Condition(f" AND {column} {'IN' if limit.is_only else 'NOT IN'} :{name}", {name: ids})

    def run(self, sql: str, **params: Any) -> int:
        """Run a statement and return the number of changed rows."""
        text, values = self._bind(sql, params)
        return self._session.execute(text, values)[1]

    def one(self, sql: str, **params: Any) -> Row | None:
        """Return the first row; None if there is none."""
        text, values = self._bind(sql, params)
        rows = self._session.execute(text, values)[0]
        return rows[0] if rows else None

    def all(self, sql: str, **params: Any) -> list[Row]:
        text, values = self._bind(sql, params)
        return self._session.execute(text, values)[0]

    def several(self, queries: Sequence[Query]) -> list[list[Row]]:
        """Return the rows of each query, in order; on PostgreSQL in one round trip."""
        return self._session.execute_several([self._bind(query.sql, query.params) for query in queries])

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]], **shared: Any) -> None:
        """Run the statement for each row of named values; `shared` values are the same for all rows."""
        statement = compile_sql(sql, self._session.mark)
        shared |= {"ws": self.ws, "now": self.now}
        values = [[shared[name] if name in shared else row[name] for name in statement.names] for row in rows]
        self._session.execute_many(statement.text, values)

    def many_in_order(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run the statement for each row of values, which are in the order of their first appearance in the statement, after
        `:ws`.

        Without the time in SQLite it takes half as long as `many`."""
        statement = compile_sql(sql, self._session.mark)
        if statement.names[0] != "ws":
            raise ValueError("the statement does not begin with :ws")
        ws = self.ws
        self._session.execute_many(statement.text, [(ws, *row) for row in rows])

    def post(self, sql: str, **params: Any) -> None:
        """Run a statement without waiting for its result on PostgreSQL; a failure is raised by a later statement or the
        commit."""
        text, values = self._bind(sql, params)
        self._session.execute_many(text, [values])

    def script(self, statements: Sequence[str]) -> None:
        """Run statements without parameters, in order, and discard their rows."""
        self._session.execute_script(statements)

    def record(self, change: Change) -> None:
        self.record_all([change])

    def record_all(self, changes: Sequence[Change]) -> None:
        self.append_changes(changes)
        self.recorded(changes)

    def recorded(self, changes: Sequence[Change]) -> None:
        """Drop the writer's cache entries of changed entities and pass the changes to the audit log.

        To be called after a statement of the caller's own appended the changes to the change log."""
        self.note_change()
        for change in changes:
            self.forget(change.entity, change.entity_id)
        if self.audit is not None:
            self.audit(self, changes)

    def note_change(self) -> None:
        """Record that this transaction appends to the change log."""
        self._session.note_change(self.ws)

    def append_changes(self, changes: Sequence[Change]) -> None:
        """Append to the change log without dropping cache entries of the writer: the caller keeps them up to date."""
        self.note_change()
        now, user = self.now, self.user
        self.many_in_order(
            """
            INSERT INTO changes (workspace_id, entity, entity_id, action, changed_at, detail, user_name)
            VALUES (:ws, :entity, :id, :action, :at, :detail, :user)
            """,
            [(each.entity, each.entity_id, each.action, now, each.detail, user) for each in changes],
        )

    def touch(self, entity: str, entity_id: str, *, ends: bool = False) -> None:
        """Record a change for the debouncer; `ends`: no further change of the entity is expected."""
        if self.touched is not None:
            self.touched.touch((entity, self.ws, entity_id), ends=ends)

    def forget(self, entity: str, entity_id: str) -> None:
        """Drop the writer's cache entry of a changed entity."""
        if self.memory is not None:
            key = (entity, self.ws, entity_id)
            self.memory.pop(key, None)
            self.memory.touch(key)

    def _bind(self, sql: str, params: dict[str, Any]) -> tuple[str, list[Any]]:
        lengths: tuple[tuple[str, int], ...] = ()
        for value in params.values():
            if isinstance(value, (list, tuple)):
                lengths, params = expand(params, self.dialect)
                break
        statement = compile_sql(sql, self._session.mark, lengths)
        values = []
        for name in statement.names:
            if name == "ws":
                values.append(self.ws)
            elif name == "now":
                values.append(self.now)
            else:
                values.append(params[name])
        return statement.text, values


class SqliteSession:
    """A `Session` on a connection of sqlite3."""

    dialect: Dialect = "sqlite"
    mark = "?"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.news: set[int] = set()  # workspaces whose change log grows with the transaction

    def execute(self, text: str, values: Sequence[Any]) -> tuple[list[Row], int]:
        try:
            cursor = self.connection.execute(text, values)
        except (OverflowError, UnicodeEncodeError) as error:
            raise unstorable(error) from None
        return cursor.fetchall(), cursor.rowcount

    def execute_several(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Row]]:
        return [self.execute(text, values)[0] for text, values in statements]

    def execute_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        try:
            self.connection.executemany(text, rows)
        except (OverflowError, UnicodeEncodeError) as error:
            raise unstorable(error) from None

    def execute_script(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self.connection.execute(statement)

    def note_change(self, ws: int) -> None:
        self.news.add(ws)


def unstorable(error: Exception) -> Invalid:
    """Return the fault for a value that no database column can store: a number beyond 64 bits, or a lone surrogate."""
    if isinstance(error, UnicodeError):
        return Invalid("A text cannot be stored: it has a surrogate, which is half of a character.")
    return Invalid(f"A number does not fit into 64 bits: it must be between {-(2**63)} and {2**63 - 1}.")


Work = Callable[[Tx], Any]
Audit = Callable[[Tx, Sequence[Change]], None]
