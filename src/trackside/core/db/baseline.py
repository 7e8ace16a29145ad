"""Folds the migrations into one list of statements that creates the schema of an empty store.

A column that a later migration adds or renames becomes a part of its CREATE TABLE.  An index that a later migration drops is left
out, as is an UPDATE of a table that has no rows yet.  SQLite reads its whole schema again after each ALTER TABLE, so applying the
migrations one by one takes four times as long.
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
# The end of the columns of a CREATE TABLE: the first table constraint, or the closing parenthesis.
_END_OF_COLUMNS = re.compile(r",\s*(?:PRIMARY\s+KEY|UNIQUE|CHECK|FOREIGN\s+KEY|CONSTRAINT)\b(?=[^,]*\()|\s*\)[^()]*\Z")


class NotDerivable(Exception):
    """A statement of a migration cannot be folded into the statements before it."""


def baseline(statements: Iterable[str]) -> list[str]:
    """Return fewer statements with the same effect on an empty database: tables, then indexes, then rows.

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
