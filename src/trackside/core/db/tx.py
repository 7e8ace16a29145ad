"""One open transaction in one workspace.  Knows placeholders and the change log; knows no table but `changes`."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol

from msgspec import Struct

from trackside.core.access import ALL_RIGHTS, OPEN, Action, Caller, Rights, Visit
from trackside.core.db.rest import Stirred
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
MAX_LISTED = 64  # elements of a list that become placeholders of their own: more cost less as JSON
AS_ARRAY, AS_JSON = -1, -2  # in place of a list's length


class Change(Struct, frozen=True):
    """A change that a write made, for links, webhooks, live views and the audit.  It is recorded in the same transaction."""

    entity: str
    entity_id: str
    action: str
    detail: str | None = None  # JSON


class Condition(NamedTuple):
    """A part of a statement's WHERE, with its AND, and what it binds."""

    sql: str
    params: dict[str, Any]


EVERYTHING = Condition("", {})


class Query(NamedTuple):
    """A statement that finds rows, and what it binds."""

    sql: str
    params: dict[str, Any]


class Statement(Struct, frozen=True):
    """SQL with numbered placeholders and the names in the order of their first appearance."""

    text: str
    names: tuple[str, ...]


@lru_cache(maxsize=2048)
def compile_sql(sql: str, mark: str, lengths: tuple[tuple[str, int], ...] = ()) -> Statement:
    """`:name` becomes `?1` or `$1`; `IN :name` of a name in `lengths` what takes that many values.

    SQLite has one writer, and no row locks: `FOR UPDATE` and its kin are left out for it."""
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
    """List values as the dialect takes them, so that few texts are prepared: PostgreSQL whole; SQLite one placeholder an
    element, their number padded to a power of two, or as JSON where they are many."""
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
            values = value or [None]  # `x IN (NULL)` holds for nothing
            size = 1 << (len(values) - 1).bit_length()
            lengths.append((name, size))
            for i in range(size):
                flat[f"{name}[{i}]"] = values[min(i, len(values) - 1)]
    return tuple(lengths), flat


Heard = Callable[[Set[int]], None]  # gets the workspaces whose change log has grown
HeardElsewhere = Callable[[Set[int] | None], None]  # the same of other servers; None: it may be any workspace


class Session(Protocol):
    """One connection, seen by a transaction.  `execute` gives rows (empty for a write) and a row count."""

    dialect: Dialect
    mark: str

    def execute(self, text: str, values: Sequence[Any]) -> tuple[list[Row], int]: ...

    def execute_several(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Row]]:
        """The rows of each, which sees what is committed when it begins; in one round trip, where there are any."""
        ...

    def execute_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None: ...

    def execute_script(self, statements: Sequence[str]) -> None: ...

    def note_change(self, ws: int) -> None:
        """The change log of that workspace grows with this transaction."""
        ...


class Memory(dict[tuple[str, int, str], Any]):
    """Memory of the only writer of a store between transactions, by (entity, workspace, id).

    Emptied by a rollback; an entry goes when that entity's change is recorded.  It also knows which entities changed since
    a moment (an epoch, one for each group of commands), so that what was computed from a snapshot can be saved if it
    still holds."""

    LIMIT = 50_000

    def __init__(self) -> None:
        super().__init__()
        self.epoch = 1  # of the open group
        self.committed = 0  # every change up to this epoch is visible to a snapshot that begins now
        self.announced = (
            0  # counts reads of the change log: what was announced before the last one must be announced again
        )
        self.weight = 0  # what the entries hold, in units of their owners
        self._changed: dict[tuple[str, int, str], int] = {}
        self._floor = 0  # nothing is known of changes up to this epoch

    def touch(self, key: tuple[str, int, str]) -> None:
        self._changed[key] = self.epoch

    def touch_all(self) -> None:
        """Record that everything in the store may have changed, and forget what is remembered of it."""
        self.forget_all()
        self._forget_changes(self.epoch)

    def changed_since(self, key: tuple[str, int, str], epoch: int) -> bool:
        """True also where it is not known."""
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
        self._floor = floor  # first: another thread may ask meanwhile
        self._changed.clear()

    def forget_all(self) -> None:
        self.clear()
        self.weight = 0


class Tx:
    """An open transaction.  `:ws` and `:now` are bound by themselves."""

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
        "stirred",
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
        stirred: "Stirred[Entity] | None" = None,
    ) -> None:
        self._session = session
        self.dialect: Dialect = session.dialect
        self.ws = ws
        self.now = now  # ms since 1970
        self.memory = memory
        self.stirred = stirred  # what this transaction changed, to be looked at when it rests
        self.epoch = epoch  # of a snapshot: every change up to it is seen; 0: not known
        self.user = ""  # who writes: the name of who signed in, else as the caller says; empty: nobody said
        self.caller: Caller = OPEN
        self.rights: Rights = ALL_RIGHTS  # in this workspace
        self.audit: Audit | None = None  # of the changes of a caller who signed in
        self.source: Callable[[], Any] | None = None  # says where the call came from, for the audit log

    def within(self, ws: int) -> "Tx":
        """Return the same transaction in another workspace."""
        return self._copy(ws, epoch=0)

    def by(self, user: str) -> "Tx":
        """Return the same transaction in the name of `user`."""
        copied = self._copy(self.ws, self.epoch)
        copied.user = user
        return copied

    def in_visit(self, visit: Visit) -> "Tx":
        """Return the same transaction in the name of a call's caller, with the place that the call came from."""
        caller = visit.caller
        copied = Tx(self._session, self.ws, self.now, self.memory, self.epoch, self.stirred)
        copied.user, copied.source = visit.user, visit.source
        copied.caller, copied.rights, copied.audit = caller, visit.rights, caller.audit
        return copied

    def for_caller(self, caller: Caller, rights: Rights) -> "Tx":
        """Return the same transaction, in which lists leave out what the caller may not read."""
        copied = self._copy(self.ws, self.epoch)
        copied.caller, copied.rights, copied.audit = caller, rights, caller.audit
        return copied

    def _copy(self, ws: int, epoch: int) -> "Tx":
        copied = Tx(self._session, ws, self.now, self.memory, epoch, self.stirred)
        copied.user, copied.source = self.user, self.source
        copied.caller, copied.rights, copied.audit = self.caller, self.rights, self.audit
        return copied

    def only_readable(self, kind: str, action: Action, column: str) -> Condition:
        """A condition, to be joined by AND, that `column` names an object of the kind that the caller may read; and what it
        binds.  Empty where nothing is hidden."""
        limit = self.rights.limit(kind, action)
        if limit is None:
            return EVERYTHING
        name = f"readable_{kind}"
        ids: list[Any] = [int(id_) for id_ in limit.ids] if kind == "experiment" else list(limit.ids)
        return Condition(f" AND {column} {'IN' if limit.is_only else 'NOT IN'} :{name}", {name: ids})

    def run(self, sql: str, **params: Any) -> int:
        """The number of rows changed."""
        text, values = self._bind(sql, params)
        return self._session.execute(text, values)[1]

    def one(self, sql: str, **params: Any) -> Row | None:
        text, values = self._bind(sql, params)
        rows = self._session.execute(text, values)[0]
        return rows[0] if rows else None

    def all(self, sql: str, **params: Any) -> list[Row]:
        text, values = self._bind(sql, params)
        return self._session.execute(text, values)[0]

    def several(self, queries: Sequence[Query]) -> list[list[Row]]:
        """Return the rows of each query; they run one after the other, in one round trip."""
        return self._session.execute_several([self._bind(query.sql, query.params) for query in queries])

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]], **shared: Any) -> None:
        """Run one statement for each row of values by name; `shared` values are the same for all rows."""
        statement = compile_sql(sql, self._session.mark)
        shared |= {"ws": self.ws, "now": self.now}
        values = [[shared[name] if name in shared else row[name] for name in statement.names] for row in rows]
        self._session.execute_many(statement.text, values)

    def many_in_order(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of values, in the order in which the statement first names them, after `:ws`.

        It takes half of the time of `many`, without SQLite's."""
        statement = compile_sql(sql, self._session.mark)
        if statement.names[0] != "ws":
            raise ValueError("the statement does not begin with :ws")
        ws = self.ws
        self._session.execute_many(statement.text, [(ws, *row) for row in rows])

    def post(self, sql: str, **params: Any) -> None:
        """One statement whose rows and count nobody wants: PostgreSQL runs it meanwhile."""
        text, values = self._bind(sql, params)
        self._session.execute_many(text, [values])

    def script(self, statements: Sequence[str]) -> None:
        """Statements without values whose rows nobody wants, in order."""
        self._session.execute_script(statements)

    def record(self, change: Change) -> None:
        self.record_all([change])

    def record_all(self, changes: Sequence[Change]) -> None:
        self.append_changes(changes)
        self.recorded(changes)

    def recorded(self, changes: Sequence[Change]) -> None:
        """Forget what the writer remembers of entities and tell the audit, after a statement of the caller appended the changes
        to the change log."""
        self.note_change()
        for change in changes:
            self.forget(change.entity, change.entity_id)
        if self.audit is not None:
            self.audit(self, changes)

    def note_change(self) -> None:
        """To be called by whatever appends to the change log."""
        self._session.note_change(self.ws)

    def append_changes(self, changes: Sequence[Change]) -> None:
        """Append to the change log. The caller keeps what the writer remembers of the entities up to date itself."""
        self.note_change()
        now, user = self.now, self.user
        self.many_in_order(
            """
            INSERT INTO changes (workspace_id, entity, entity_id, action, changed_at, detail, user_name)
            VALUES (:ws, :entity, :id, :action, :at, :detail, :user)
            """,
            [(each.entity, each.entity_id, each.action, now, each.detail, user) for each in changes],
        )

    def stir(self, entity: str, entity_id: str, *, ends: bool = False) -> None:
        """An entity changed; `ends`: it is not expected to change again."""
        if self.stirred is not None:
            self.stirred.stir((entity, self.ws, entity_id), ends=ends)

    def forget(self, entity: str, entity_id: str) -> None:
        """Forget what the writer remembers of an entity, which is no longer true."""
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
    """A connection of sqlite3 as a `Session`."""

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
    """In words for the caller: a number beyond 64 bits, or half a character."""
    if isinstance(error, UnicodeError):
        return Invalid("A text cannot be stored: it has a surrogate, which is half of a character.")
    return Invalid(f"A number does not fit into 64 bits: it must be between {-(2**63)} and {2**63 - 1}.")


Work = Callable[[Tx], Any]
Audit = Callable[[Tx, Sequence[Change]], None]
