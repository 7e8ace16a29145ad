"""Values of fields, as JSON and as arguments of a query."""

import json
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin
from urllib.parse import quote

from msgspec import Struct

from trackside.core.http.codec import fields_of


class Raw(str):
    """JSON that is written already."""


def dumped(value: Any) -> str:
    match value:
        case Raw():
            return str(value)
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{dumped(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(dumped, value)) + "]"
    return json.dumps(value)


def raw(text: str) -> str:
    return Raw(text)


def example(kind: Any) -> Any:
    """Some value of a type."""
    kind = bare(kind)
    if get_origin(kind) is list:
        return [example(get_args(kind)[0])]
    if kind is dict or get_origin(kind) is dict:
        return {"a": "b"}
    if isinstance(kind, type) and issubclass(kind, Struct):
        return {name: example(inner) for name, inner in fields_of(kind).items()}
    return {int: 1, float: 1.0, bool: True}.get(kind, "a")


def bare(kind: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        kinds = [each for each in get_args(kind) if each is not NoneType]
        return bare(kinds[0])
    return kind


def fits(value: Any, kind: Any) -> bool:
    kind = bare(kind)
    if get_origin(kind) is list:
        return isinstance(value, list) and fits(value[0], get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, Struct):
        return isinstance(value, dict) and set(value) <= set(fields_of(kind))
    if kind in (int, float):
        return not isinstance(value, list | dict) and str(value).isdigit()
    return isinstance(value, str) or (not isinstance(value, list | dict) and kind is not str)


def each_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def argument(value: Any) -> str:
    text = said(value) if isinstance(value, Raw) else value if isinstance(value, str) else json.dumps(value)
    return quote(text[:5000].encode("utf-8", "replace"), safe="")


def said(odd: str) -> str:
    """What a text of JSON says, or the JSON itself."""
    try:
        value = json.loads(odd)
    except (ValueError, RecursionError):
        return odd
    return value if isinstance(value, str) else odd


def wire(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
