"""Parameters in PostgreSQL's binary format, and Python values of results.

A parameter has the type of its Python value: BIGINT, DOUBLE PRECISION, TEXT, BYTEA, or an array of one of these for a list.  None
has no type (0), and the server infers one. psycopg's C module reads values.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any

import psycopg
from psycopg import adapt
from psycopg.abc import Buffer, Transformer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.pq import Format
from psycopg.types.numeric import NumericBinaryLoader
from psycopg.types.string import TextBinaryLoader, TextLoader

from trackside.core.db.tx import unstorable
from trackside.core.errors import Invalid

Encoder = Callable[[Any], bytes | None]

# Type numbers are PostgreSQL's own (pg_type.oid).
_BYTEA, _INT8, _TEXT, _FLOAT8 = 17, 20, 25, 701
_ELEMENTS = {1001: _BYTEA, 1016: _INT8, 1009: _TEXT, 1022: _FLOAT8}  # by the type numbers of their arrays
_ARRAYS = {element: array for array, element in _ELEMENTS.items()}
_KINDS: dict[type, int] = {str: _TEXT, int: _INT8, float: _FLOAT8, bytes: _BYTEA, bytearray: _BYTEA, bool: _INT8}
_NULL_SIZE = struct.pack("!i", -1)
_array_head = struct.Struct("!iiiii").pack
_size = struct.Struct("!i").pack
_pack_int8 = struct.Struct("!q").pack
_pack_float8 = struct.Struct("!d").pack


def kinds_of(values: Sequence[Any]) -> tuple[int, ...]:
    """Return the types of a statement's parameters."""
    return tuple([_KINDS.get(type(value)) or _kind(value) for value in values])


def kinds_of_rows(rows: Sequence[Sequence[Any]]) -> tuple[int, ...]:
    """Return the types of columns: a column of integers and fractions is DOUBLE PRECISION; None fits any type."""
    return tuple([_common_kind(column) for column in zip(*rows, strict=True)])


def encoders(kinds: Iterable[int]) -> list[Encoder]:
    return [_ENCODERS.get(kind) or partial(_array, _ELEMENTS[kind], _ENCODERS[_ELEMENTS[kind]]) for kind in kinds]


def encoded(encoders: Iterable[Encoder], values: Sequence[Any]) -> list[bytes | None]:
    """Return the values in binary.  Raise Invalid for a value that cannot be stored."""
    try:
        return [None if value is None else encode(value) for encode, value in zip(encoders, values, strict=True)]
    except (struct.error, UnicodeEncodeError) as error:
        raise unstorable(error) from None


def reader() -> Transformer:
    """Return a reader of results for one connection."""
    context: Any = SimpleNamespace(adapters=_adapters(), connection=None)
    return adapt.Transformer(context)


def are_binary(oids: Iterable[int]) -> bool:
    """Return whether psycopg reads all of these types in binary; otherwise the result is requested as text."""
    known = _adapters()
    return all(known.get_loader(oid, Format.BINARY) is not None for oid in oids)


class _Number(NumericBinaryLoader):
    """Loads a NUMERIC, the type of a sum of integers."""

    def load(self, data: Buffer) -> Any:
        found = super().load(data)
        exponent = found.as_tuple().exponent  # a letter for NaN and infinities
        return int(found) if isinstance(exponent, int) and exponent >= 0 else float(found)


class _Nothing(Loader):
    """Loads the result of a function that returns void."""

    format = Format.BINARY

    def load(self, data: Buffer) -> Any:
        del data
        return ""


@lru_cache(maxsize=1)
def _adapters() -> AdaptersMap:
    """Return psycopg's adapters, except that JSON stays text and NUMERIC has a loader of this module."""
    made = AdaptersMap(psycopg.adapters)
    made.register_loader("numeric", _Number)
    made.register_loader(2278, _Nothing)  # void
    for name in ("json", "name"):
        made.register_loader(name, TextLoader)
        made.register_loader(name, TextBinaryLoader)
    return made


def _text(value: str) -> bytes:
    data = value.encode()
    if b"\0" in data:
        raise Invalid("A text has the character NUL (U+0000), which cannot be stored.")
    return data


def _array(element: int, encode: Encoder, values: Sequence[Any]) -> bytes:
    parts = [_array_head(1, None in values, element, len(values), 1)]
    for value in values:
        data = None if value is None else encode(value)
        parts += (_NULL_SIZE,) if data is None else (_size(len(data)), data)
    return b"".join(parts)


def _null(value: Any) -> None:
    raise TypeError(f"a value of type {type(value).__name__} where others are None")


_ENCODERS: dict[int, Encoder] = {0: _null, _TEXT: _text, _INT8: _pack_int8, _FLOAT8: _pack_float8, _BYTEA: bytes}


def _kind(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, list | tuple):
        return _ARRAYS.get(_common_kind(value), 0)
    for python, kind in _KINDS.items():  # a StrEnum counts as a str
        if isinstance(value, python):
            return kind
    raise TypeError(f"a value of type {type(value).__name__} cannot be stored")


def _common_kind(values: Iterable[Any]) -> int:
    kinds = {_KINDS.get(python, -1) for python in set(map(type, values)) - {type(None)}}
    if -1 in kinds:
        kinds = {_kind(value) for value in values if value is not None}
    if kinds == {_INT8, _FLOAT8}:
        return _FLOAT8
    if len(kinds) > 1:
        raise TypeError("the values of one column have several types")
    return kinds.pop() if kinds else 0
