"""The schema of all migrations as one list of statements, for an empty store.  Pure: derived from the texts of the migrations.

A column that a later migration adds or renames is a part of its CREATE TABLE, and an index that a later migration drops is left
out, and so is an UPDATE of a table that has no rows yet.
SQLite reads its whole schema again after each ALTER TABLE, so that migrations one by one cost four times as much.
"""

import re
from collections.abc import Iterable

_KINDS = re.compile(
    r"""
    CREATE\s+TABLE\s+(?P<table>\w+)\s*\(
    | ALTER\s+TABLE\s+(?P<altered>\w+)\s+ADD\s+COLUMN\s+(?P<column>.+)
    | ALTER\s+TABLE\s+(?P<renamed>\w+)\s+RENAME\s+COLUMN\s+(?P<old>\w+)\s+TO\s+(?P<new>\w+)
    | CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?P<index>\w+)\s+ON\s+(?P<indexed>\w+)
    | DROP\s+INDEX\s+(?P<dropped>\w+)
    | INSERT\s+INTO\s+(?P<filled>\w+)
    | UPDATE\s+(?P<updated>\w+)
    """,
    re.VERBOSE | re.DOTALL,
)
# Where the columns of a CREATE TABLE end: before the first constraint of the table, or before the closing parenthesis.
_END_OF_COLUMNS = re.compile(r",\s*(?:PRIMARY\s+KEY|UNIQUE|CHECK|FOREIGN\s+KEY|CONSTRAINT)\b(?=[^,]*\()|\s*\)[^()]*\Z")


class NotDerivable(Exception):
    """A statement of a migration does more than what can be folded into the statements before it."""


def baseline(statements: Iterable[str]) -> list[str]:
    """Return fewer statements that leave an empty database as the given ones do: tables, then indexes, then rows.

    Raise NotDerivable for a statement of any other kind."""
    tables: dict[str, str] = {}
    indexes: dict[str, tuple[str, str]] = {}  # by name: the table and the statement
    rows: list[tuple[str, str]] = []
    for statement in statements:
        kind = _KINDS.match(statement)
        if kind is None:
            raise NotDerivable(statement)
        if kind["table"]:
            tables[kind["table"]] = statement
        elif kind["altered"]:
            tables[kind["altered"]] = _with_column(tables[kind["altered"]], kind["column"])
        elif kind["renamed"]:
            table, name = kind["renamed"], re.compile(rf"\b{kind['old']}\b")
            tables[table] = name.sub(kind["new"], tables[table])
            indexes |= {key: (on, name.sub(kind["new"], made)) for key, (on, made) in indexes.items() if on == table}
            rows = [(on, name.sub(kind["new"], made) if on == table else made) for on, made in rows]
        elif kind["index"]:
            indexes[kind["index"]] = (kind["indexed"], statement)
        elif kind["dropped"]:
            del indexes[kind["dropped"]]
        elif kind["filled"]:
            rows.append((kind["filled"], statement))
        elif kind["updated"] in {table for table, _ in rows}:
            rows.append((kind["updated"], statement))
    return [*tables.values(), *(made for _, made in (*indexes.values(), *rows))]


def _with_column(table: str, column: str) -> str:
    end = _END_OF_COLUMNS.search(table)
    if end is None:
        raise NotDerivable(table)
    return f"{table[: end.start()]},\n    {column}{table[end.start() :]}"
