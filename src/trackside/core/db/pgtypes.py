"""Values as PostgreSQL writes them in binary, and back.  Pure; knows no connection.

A parameter has the type of its Python value: BIGINT, DOUBLE PRECISION, TEXT, BYTEA, an array of one of these for a list.
None has no type (0): the server finds the one that fits.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from trackside.core.db.tx import unstorable
from trackside.core.errors import Invalid

Decoder = Callable[[bytes], Any]
Encoder = Callable[[Any], bytes]

# Numbers of types are PostgreSQL's own (pg_type.oid).
_BYTEA, _INT8, _TEXT, _FLOAT8 = 17, 20, 25, 701
_ELEMENTS = {1001: _BYTEA, 1016: _INT8, 1009: _TEXT, 1022: _FLOAT8}  # by the numbers of their arrays
_ARRAYS = {element: array for array, element in _ELEMENTS.items()}
_KINDS: dict[type, int] = {str: _TEXT, int: _INT8, float: _FLOAT8, bytes: _BYTEA, bytearray: _BYTEA, bool: _INT8}


def kinds_of(values: Sequence[Any]) -> tuple[int, ...]:
    """The types of a statement's parameters."""
    return tuple([_KINDS.get(type(value)) or _kind(value) for value in values])


def kinds_of_rows(rows: Sequence[Sequence[Any]]) -> tuple[int, ...]:
    """The types of columns: an integer among fractions is one of them, and a None anything."""
    return tuple([_common_kind(column) for column in zip(*rows, strict=True)])


def encoders(kinds: Iterable[int]) -> list[Encoder]:
    return [_ENCODERS.get(kind) or partial(_array, _ELEMENTS[kind], _ENCODERS[_ELEMENTS[kind]]) for kind in kinds]


def encoded(encoders: Iterable[Encoder], values: Sequence[Any]) -> bytes:
    """Each value with its size before it.  Raises Invalid for what cannot be stored."""
    try:
        return b"".join([encode(value) for encode, value in zip(encoders, values, strict=True)])
    except (struct.error, UnicodeEncodeError) as error:
        raise unstorable(error) from None


def decoder(oid: int) -> Decoder:
    return _DECODERS.get(oid) or _TEXT_DECODERS.get(oid, bytes.decode)


def is_binary(oid: int) -> bool:
    """Whether `decoder` wants the binary form; else the text."""
    return oid in _DECODERS


_int32 = struct.Struct("!i").pack
_sized_int8 = struct.Struct("!iq").pack
_sized_float8 = struct.Struct("!id").pack
_array_head = struct.Struct("!iiiii").pack
_read_float8 = struct.Struct("!d").unpack
_read_float4 = struct.Struct("!f").unpack
_NULL = _int32(-1)


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    data = value.encode()
    if b"\0" in data:
        raise Invalid("A text has the character NUL (U+0000), which cannot be stored.")
    return _int32(len(data)) + data


def _bytea(value: bytes | bytearray | memoryview | None) -> bytes:
    return _NULL if value is None else _int32(len(value)) + value


def _int8(value: int | None) -> bytes:
    return _NULL if value is None else _sized_int8(8, value)


def _float8(value: float | None) -> bytes:
    return _NULL if value is None else _sized_float8(8, value)


def _null(value: None) -> bytes:
    del value
    return _NULL


def _array(element: int, encode: Encoder, values: Sequence[Any]) -> bytes:
    data = _array_head(1, None in values, element, len(values), 1) + b"".join(map(encode, values))
    return _int32(len(data)) + data


_ENCODERS: dict[int, Encoder] = {0: _null, _TEXT: _text, _INT8: _int8, _FLOAT8: _float8, _BYTEA: _bytea}


def _kind(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, list | tuple):
        return _ARRAYS.get(_common_kind(value), 0)
    for python, kind in _KINDS.items():  # a StrEnum is a str
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


_integer: Decoder = partial(int.from_bytes, byteorder="big", signed=True)

_DECODERS: dict[int, Decoder] = {
    16: lambda data: data != b"\0",
    _BYTEA: bytes,
    19: bytes.decode,
    _INT8: _integer,
    21: _integer,
    23: _integer,
    _TEXT: bytes.decode,
    26: _integer,
    700: lambda data: _read_float4(data)[0],
    _FLOAT8: lambda data: _read_float8(data)[0],
    1042: bytes.decode,
    1043: bytes.decode,
}
# What comes as text: its binary form is not worth the code.  A NUMERIC is what a SUM of integers is.
_TEXT_DECODERS: dict[int, Decoder] = {1700: lambda data: float(data) if b"." in data or b"N" in data else int(data)}
