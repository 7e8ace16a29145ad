"""One open transaction in one workspace.  Knows placeholders and the change log; knows no table but `changes`."""

import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal, Protocol

from msgspec import Struct

Dialect = Literal["sqlite", "postgresql"]
Value = str | int | float | bytes | None
Row = tuple[Any, ...]

# A quoted string or a comment is skipped whole; `::` is PostgreSQL's cast.
_TOKENS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|::|:([a-z_][a-z_0-9]*)", re.IGNORECASE)


class Change(Struct, frozen=True):
    """What a write did, for links, webhooks, live views and the audit: the same transaction, so never for a rollback."""

    entity: str
    entity_id: str
    action: str
    detail: str | None = None  # JSON


class Statement(Struct, frozen=True):
    """SQL with numbered placeholders and the names in the order of their first appearance."""

    text: str
    names: tuple[str, ...]


@lru_cache(maxsize=2048)
def compile_sql(sql: str, mark: str, lengths: tuple[tuple[str, int], ...] = ()) -> Statement:
    """`:name` becomes `?1` or `$1`; a name in `lengths` becomes that many placeholders in parentheses."""
    names: list[str] = []
    expanded = dict(lengths)

    def number(name: str) -> str:
        if name not in names:
            names.append(name)
        return f"{mark}{names.index(name) + 1}"

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            return match.group(0)
        if name in expanded:
            return "(" + ", ".join(number(f"{name}[{i}]") for i in range(expanded[name])) + ")"
        return number(name)

    return Statement(_TOKENS.sub(replace, sql), tuple(names))


def expand(params: dict[str, Any]) -> tuple[tuple[tuple[str, int], ...], dict[str, Any]]:
    """List values as one placeholder an element, padded to a power of two so that few texts are prepared."""
    lengths = []
    flat = {}
    for name, value in params.items():
        if isinstance(value, (list, tuple)):
            if not value:  # `x IN (NULL)` holds for nothing
                value = [None]
            size = 1 << (len(value) - 1).bit_length()
            lengths.append((name, size))
            for i in range(size):
                flat[f"{name}[{i}]"] = value[min(i, len(value) - 1)]
        else:
            flat[name] = value
    return tuple(lengths), flat


class Session(Protocol):
    """One connection, seen by a transaction.  `execute` gives rows (empty for a write) and a row count."""

    dialect: Dialect
    mark: str

    def execute(self, text: str, values: Sequence[Any]) -> tuple[list[Row], int]: ...

    def execute_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None: ...


class Memory(dict[tuple[str, int, str], Any]):
    """What the only writer of a store remembers between transactions, by (entity, workspace, id).

    Emptied by a rollback; an entry goes when that entity's change is recorded.  It also knows which entities changed since
    a moment (an epoch, one for each group of commands), so that what was computed from a snapshot can be saved if it
    still holds."""

    LIMIT = 50_000

    def __init__(self) -> None:
        super().__init__()
        self.epoch = 1  # of the open group
        self.committed = 0  # every change up to this epoch is visible to a snapshot that begins now
        self.announced = 0  # counts reads of the change log: what was announced before the last one must be announced anew
        self.weight = 0  # what the entries hold, in units of their owners
        self._changed: dict[tuple[str, int, str], int] = {}
        self._floor = 0  # nothing is known of changes before this epoch

    def touch(self, key: tuple[str, int, str]) -> None:
        self._changed[key] = self.epoch

    def changed_since(self, key: tuple[str, int, str], epoch: int) -> bool:
        """True also where it is not known."""
        return self._changed.get(key, self._floor) > epoch

    def end_group(self) -> None:
        self.committed = self.epoch
        self.epoch += 1
        if len(self._changed) > self.LIMIT:
            self._changed.clear()
            self._floor = self.epoch
        if self.weight > self.LIMIT:
            self.forget_all()

    def forget_all(self) -> None:
        self.clear()
        self.weight = 0


class Tx:
    """An open transaction.  `:ws` and `:now` are bound by themselves."""

    __slots__ = ("_session", "dialect", "epoch", "memory", "now", "user", "ws")

    def __init__(self, session: Session, ws: int, now: int, memory: Memory | None = None, epoch: int = 0) -> None:
        self._session = session
        self.dialect: Dialect = session.dialect
        self.ws = ws
        self.now = now  # ms since 1970
        self.memory = memory
        self.epoch = epoch  # of a snapshot: every change up to it is seen; 0: not known
        self.user = ""  # who writes, as the caller says; empty: nobody said

    def within(self, ws: int) -> "Tx":
        """The same transaction, in another workspace."""
        return Tx(self._session, ws, self.now, self.memory).by(self.user)

    def by(self, user: str) -> "Tx":
        """The same transaction, in the name of `user`."""
        self.user = user
        return self

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

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement for each row; a row holds the values in the order in which their names first appear."""
        statement = compile_sql(sql, self._session.mark)
        places = [i for i, name in enumerate(statement.names) if name in ("ws", "now")]
        if places:
            own = [(i, self.ws if statement.names[i] == "ws" else self.now) for i in places]
            rows = [_with(row, own) for row in rows]
        self._session.execute_many(statement.text, rows)

    def record(self, change: Change) -> None:
        self.run(
            """
            INSERT INTO changes (workspace_id, entity, entity_id, action, changed_at, detail)
            VALUES (:ws, :entity, :id, :action, :now, :detail)
            """,
            entity=change.entity,
            id=change.entity_id,
            action=change.action,
            detail=change.detail,
        )
        self.forget(change.entity, change.entity_id)

    def record_all(self, changes: Sequence[Change]) -> None:
        self.many(
            """
            INSERT INTO changes (workspace_id, entity, entity_id, action, changed_at, detail)
            VALUES (:ws, :entity, :id, :action, :now, :detail)
            """,
            [(change.entity, change.entity_id, change.action, change.detail) for change in changes],
        )
        for change in changes:
            self.forget(change.entity, change.entity_id)

    def forget(self, entity: str, entity_id: str) -> None:
        """What the writer remembers of an entity is no longer true."""
        if self.memory is not None:
            key = (entity, self.ws, entity_id)
            self.memory.pop(key, None)
            self.memory.touch(key)

    def _bind(self, sql: str, params: dict[str, Any]) -> tuple[str, list[Any]]:
        lengths: tuple[tuple[str, int], ...] = ()
        for value in params.values():
            if isinstance(value, (list, tuple)):
                lengths, params = expand(params)
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


def _with(row: Sequence[Any], own: list[tuple[int, int]]) -> list[Any]:
    full = list(row)
    for place, value in own:
        full.insert(place, value)
    return full


class SqliteSession:
    """A connection of sqlite3 as a `Session`."""

    dialect: Dialect = "sqlite"
    mark = "?"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def execute(self, text: str, values: Sequence[Any]) -> tuple[list[Row], int]:
        cursor = self.connection.execute(text, values)
        return cursor.fetchall(), cursor.rowcount

    def execute_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        self.connection.executemany(text, rows)


Work = Callable[[Tx], Any]
