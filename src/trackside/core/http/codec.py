"""Decodes calls and encodes answers, with MLflow's leniency and error messages.  Depends on no route.

The fast path decodes the body straight into the call's struct.  A body that it rejects (camelCase names, bare NaN, a JSON
string that holds JSON, unknown fields, wrong types) is decoded again by the slow path, which words the error.
"""

import json
import math
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from trackside.core.errors import BadRequest, Fault, Invalid

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
DOUBLE_MAX = 1.7976931348623157e308
HINT = " See the API docs for more information about request parameters."
MAX_BODY_BYTES = 16 << 20  # the largest calls that MLflow's limits allow have a few
MAX_MESSAGE = 10_000
MAX_REASON = 500
TOO_DEEP = "The body is nested too deeply to be a call."

_encoder = msgspec.json.Encoder()


class Call(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a request.  Every field is optional on the wire; `required` names the fields that must not be empty."""

    required: ClassVar[tuple[str, ...]] = ()
    private: ClassVar[tuple[str, ...]] = ()  # fields with secrets: no message shows their values


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A struct inside a call."""


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of an answer.  Empty lists and unset optional fields are omitted; scalars that are set are kept."""


def encode(answer: Any) -> bytes:
    return _encoder.encode(answer)


def wire_double(value: float, *, is_nan: bool | int = False) -> float | str:
    """Return a number as MLflow writes it: NaN is a string, because msgspec would write null, which clients do not parse."""
    return "NaN" if is_nan or value != value else value


@lru_cache(maxsize=512)
def decoder(call: type[Struct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(call, strict=False)


def decode_body(call: type[Struct], body: bytes, path: dict[str, str] | None = None) -> Any:
    """Return the call in a body.  `path` holds the parameters of the path, which take precedence over the body's."""
    if b"\\u0000" in body:
        try:
            _refuse_nul(_loads(body), "")
        except RecursionError:
            raise BadRequest(TOO_DEEP) from None
    if path:
        _refuse_nul(path, "")
    try:
        made = decoder(call).decode(body) if body else call()
        if path:
            named = {name: kind for name, kind in fields_of(call).items() if name in path}
            made = msgspec.structs.replace(made, **{name: _convert(path[name], named[name], name) for name in named})
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        made = _convert_struct({**_loads(body), **(path or {})}, call, "")
    return _checked(made, call)


def decode_query(call: type[Struct], query: dict[str, list[str]], path: dict[str, str] | None = None) -> Any:
    """Return the call in a query string."""
    values: dict[str, Any] = {}
    for name, kind in fields_of(call).items():
        given = query.get(name)
        if given is None:
            continue
        if _is_list(kind):
            values[name] = given
        elif bare(kind) is bool:
            if given[-1].lower() not in ("true", "false"):
                raise Invalid(f"Invalid boolean value: {given[-1]}, must be 'true' or 'false'.")
            values[name] = given[-1].lower() == "true"
        else:
            values[name] = given[-1]
    values.update(path or {})
    _refuse_nul(values, "")
    return _checked(_convert_struct(values, call, ""), call)


def fault_body(fault: Fault) -> bytes:
    """Return the JSON of a fault.  Its message is cut: it may quote a long value of the caller."""
    text = fault.message
    error: dict[str, Any] = {
        "error_code": fault.code,
        "message": text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE] + "…",
    }
    if fault.reason is not None:
        values = {name: value[:MAX_REASON] for name, value in fault.reason.values.items()}
        error["reason"] = {"key": fault.reason.key, "values": values}
    return encode(error)


def missing(path: str) -> Invalid:
    return Invalid(f"Missing value for required parameter '{path}'.{HINT}")


def invalid_value(path: str, value: Any) -> Invalid:
    try:
        shown = json.dumps(value, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        shown = "…"
    if len(shown) > 1000:
        shown = shown[:1000] + "…"
    return Invalid(
        f"Invalid value {shown} for parameter '{path}' supplied:  Hint: Value was of type "
        f"'{type(value).__name__}'.{HINT}"
    )


@lru_cache(maxsize=512)
def fields_of(kind: type[Struct]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__}


def _refuse_nul(raw: Any, path: str) -> None:
    """Raise Invalid for a NUL character, which PostgreSQL cannot store.  SQLite refuses it too, so that stores can be moved."""
    match raw:
        case str() if "\0" in raw:
            raise Invalid(f"The parameter '{path}' has the character NUL (U+0000), which cannot be stored.{HINT}")
        case dict():
            for name, value in raw.items():
                _refuse_nul(name, f"{path}.{name}".removeprefix("."))
                _refuse_nul(value, f"{path}.{name}".removeprefix("."))
        case list():
            for i, value in enumerate(raw):
                _refuse_nul(value, f"{path}[{i}]")


def _refuse_halves(raw: Any, path: str) -> None:
    """Raise Invalid for a lone surrogate, which has no UTF-8 encoding and cannot be stored."""
    match raw:
        case str() if not raw.isascii() and any("\ud800" <= character <= "\udfff" for character in raw):
            shown = path.encode("ascii", "backslashreplace").decode()
            raise Invalid(
                f"The parameter '{shown}' has half of a surrogate pair (U+D800 to U+DFFF), which is not a character and "
                f"cannot be "
                f"stored.{HINT}"
            )
        case dict():
            for name, value in raw.items():
                _refuse_halves(name, f"{path}.{name}".removeprefix("."))
                _refuse_halves(value, f"{path}.{name}".removeprefix("."))
        case list():
            for i, value in enumerate(raw):
                _refuse_halves(value, f"{path}[{i}]")


def _checked(call: Any, kind: type[Struct]) -> Any:
    for name in getattr(kind, "required", ()):
        value = getattr(call, name)
        if (value is None or value == "") and not (name == "run_id" and getattr(call, "run_uuid", None)):
            raise missing(name)
    return call


def _loads(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body; an empty body and `null` are an empty object.

    Raise Invalid for anything else, so that a truncated call is never carried out in part."""
    try:
        value = json.loads(body.decode()) if body.strip() else {}
        if isinstance(value, str):  # old clients encode twice
            value = json.loads(value)
    except RecursionError:
        raise BadRequest(TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise Invalid(f"The body is not JSON: {error.msg} at character {error.pos}. Send a JSON object.") from None
    except ValueError:
        raise Invalid(
            "The body is not JSON: it is not UTF-8, or has a number that is too long. Send a JSON object."
        ) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Invalid(f"The body is JSON of type '{type(value).__name__}'. Send a JSON object.")
    _refuse_halves(value, "")
    return value


def _convert_struct(raw: dict[str, Any], kind: type[Struct], path: str) -> Any:
    values = {}
    for name, hint in fields_of(kind).items():
        camel = _camel(name)
        if camel != name and camel in raw:
            if name in raw:
                raise Invalid(f"Both '{name}' and '{camel}' were supplied for one parameter; send one of them.")
            value = raw[camel]
        elif name in raw:
            value = raw[name]
        else:
            continue
        if value is not None:
            values[name] = _convert(value, hint, f"{path}{name}", is_private=name in getattr(kind, "private", ()))
    for name in _without_default(kind):
        if name not in values:
            raise missing(f"{path}{name}")
    return kind(**values)


def _convert(value: Any, hint: Any, path: str, *, is_private: bool = False) -> Any:
    if is_private:
        try:
            return _convert(value, hint, path)
        except Invalid:
            raise Invalid(
                f"Invalid value for parameter '{path}' supplied; it is not shown, since it is a secret. "
                f"Hint: Value was of type '{type(value).__name__}'.{HINT}"
            ) from None
    kind = bare(hint)
    if kind is str:
        if isinstance(value, str):
            return value
        raise invalid_value(path, value)
    if _is_list(hint):
        if not isinstance(value, list):
            raise invalid_value(path, value)
        (element,) = get_args(kind)
        return [_convert(item, element, f"{path}[{i}]") for i, item in enumerate(value) if item is not None]
    if get_origin(kind) is tuple:
        elements = get_args(kind)
        if not isinstance(value, list) or len(value) != len(elements):
            raise invalid_value(path, value)
        return tuple(
            _convert(item, element, f"{path}[{i}]")
            for i, (item, element) in enumerate(zip(value, elements, strict=True))
        )
    if kind is Any:
        return value
    if get_origin(kind) is dict or kind is dict:
        if not isinstance(value, dict):
            raise invalid_value(path, value)
        _, of_values = get_args(kind) or (str, Any)
        return {key: _convert(item, of_values, f"{path}.{key}") for key, item in value.items()}
    if isinstance(kind, type) and issubclass(kind, Struct):
        if not isinstance(value, dict):
            raise invalid_value(path, value)
        return _convert_struct(value, kind, f"{path}.")
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise invalid_value(path, value)
    if kind is int:
        return _integer(value, path)
    if kind is float:
        return _double(value, path)
    if isinstance(value, str | int) and not isinstance(value, bool):  # an enum: unknown names are ignored
        return str(value)
    raise invalid_value(path, value)


def _integer(value: Any, path: str) -> int:
    number: Any = None
    if isinstance(value, str) and len(value) <= 20:
        try:
            number = int(value)
        except ValueError:
            number = None
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    if number is None or not INT64_MIN <= number <= INT64_MAX:
        raise invalid_value(path, value)
    return int(number)


def _double(value: Any, path: str) -> float:
    if isinstance(value, str) and len(value) <= 64:
        try:
            return float(value)
        except ValueError:
            raise invalid_value(path, value) from None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    raise invalid_value(path, value)


@lru_cache(maxsize=1024)
def bare(hint: Any) -> Any:
    """Return `X` for `X | None` and for `Annotated[X, ...]`."""
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType and kind is not msgspec.UnsetType]
        return bare(kinds[0])
    if hasattr(hint, "__metadata__"):
        return bare(hint.__origin__)
    return hint


@lru_cache(maxsize=1024)
def _without_default(kind: type[Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.required)


@lru_cache(maxsize=1024)
def _is_list(hint: Any) -> bool:
    return get_origin(bare(hint)) is list


@lru_cache(maxsize=1024)
def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)
