"""Checks a filter or an order while the user types, and completes it with logged keys and values."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, Reason
from trackside.core.filters import complete
from trackside.core.filters.complete import Place
from trackside.core.filters.fields import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Fields,
)
from trackside.core.filters.nodes import Aggregate, Entity, Field
from trackside.core.filters.parse import Checked, check_filter, parse_order_by
from trackside.core.filters.patterns import fold
from trackside.core.filters.tokens import MAX_CHARS
from trackside.core.filters.write import field_text, quoted
from trackside.core.http.codec import Call
from trackside.experiments import store as experiments
from trackside.runs.model import Status
from trackside.runs.table import columns

MAX_ITEMS = 50
SEARCHES = {
    "runs": RUNS,
    "experiments": EXPERIMENTS,
    "registered_models": REGISTERED_MODELS,
    "model_versions": MODEL_VERSIONS,
    "logged_models": LOGGED_MODELS,
}
_KEYED = {"metric": Entity.METRIC, "param": Entity.PARAM, "tag": Entity.TAG}


class CheckFilter(Call, frozen=True):
    """A filter or an order to check.  `cursor` is the position of the caret in UTF-16 units; without it there are no
    completions."""

    filter: str | None = None
    order_by: str | None = None
    of: str | None = None
    cursor: int | None = None
    experiment_ids: list[str] | None = None


class Problem(Struct, frozen=True, kw_only=True):
    """The position of the fault in the text, in UTF-16 units, and what was expected there, if known."""

    offset: int
    length: int
    message: str
    expected: str
    reason: Reason | None


class Item(Struct, frozen=True, kw_only=True):
    """`text` is inserted into the filter; `kind` is attribute, metric, param, tag, function, operator, connector, or value."""

    text: str
    label: str
    kind: str
    runs: int | None = None


class Completions(Struct, frozen=True, kw_only=True):
    """An item replaces the text from `offset` over `length`."""

    offset: int
    length: int
    kind: str
    items: list[Item]


class CheckedFilter(Struct, frozen=True, kw_only=True):
    ok: bool
    error: Problem | None
    completions: Completions | None


def check(tx: Tx, call: CheckFilter) -> CheckedFilter:
    fields = SEARCHES.get(call.of or "runs")
    if fields is None:
        raise Invalid(f"of is {call.of!r}; it must be one of {', '.join(SEARCHES)}")
    if call.filter is not None and call.order_by is not None:
        raise Invalid("filter and order_by are both given; send one of them")
    is_order = call.order_by is not None
    text = (call.order_by if is_order else call.filter) or ""
    if len(text) > MAX_CHARS:
        raise Invalid(f"The text has {len(text)} characters; at most {MAX_CHARS} are allowed")
    checked = _check_order(text, fields) if is_order else check_filter(text, fields)
    completions = None
    if call.cursor is not None:
        place = complete.place(text, _place_of(text, call.cursor), fields, is_order=is_order)
        seqs = experiments.seqs_of(tx, call.experiment_ids or []) if fields is RUNS else []
        completions = Completions(
            offset=_units(text[: place.start]),
            length=_units(text[place.start : place.end]),
            kind=place.expects,
            items=_items(tx, place, fields, seqs),
        )
    return CheckedFilter(ok=checked.fault is None, error=_problem(text, checked), completions=completions)


def _check_order(text: str, fields: Fields) -> Checked:
    try:
        parse_order_by([text] if text.strip() else [], fields)
    except Invalid as fault:
        return Checked(fault, 0, len(text))
    return Checked()


def _problem(text: str, checked: Checked) -> Problem | None:
    if checked.fault is None:
        return None
    start = _units(text[: checked.start])
    return Problem(
        offset=start,
        length=_units(text[: checked.end]) - start,
        message=checked.fault.message,
        expected=checked.expected,
        reason=checked.fault.reason,
    )


def _units(text: str) -> int:
    """Return the length in UTF-16 units, as in JavaScript."""
    return len(text) + sum(char > "\uffff" for char in text)


def _place_of(text: str, units: int) -> int:
    """Return the number of characters before a caret in UTF-16 units."""
    if units < 0:
        raise Invalid(f"cursor is {units}; it must be 0 or more")
    seen = 0
    for place, char in enumerate(text):
        if seen >= units:
            return place
        seen += 1 + (char > "\uffff")
    return len(text)


def _items(tx: Tx, place: Place, fields: Fields, seqs: Sequence[int]) -> list[Item]:
    match place.expects:
        case "connector":
            found: Iterable[Item] = (Item(text=word, label=word, kind="connector") for word in complete.CONNECTORS)
        case "direction":
            found = (Item(text=word, label=word, kind="direction") for word in complete.DIRECTIONS)
        case "operator":
            found = (Item(text=word, label=word, kind="operator") for word in complete.operators(place.field))
        case "value":
            return _values(tx, place, seqs)
        case "field":
            return _fields(tx, place, fields, seqs)
        case _:
            return []
    typed = fold(place.typed)
    return [item for item in found if fold(item.text).startswith(typed)]


def _fields(tx: Tx, place: Place, fields: Fields, seqs: Sequence[int]) -> list[Item]:
    prefix, dot, rest = place.typed.partition(".")
    part = fold((rest if dot else prefix).strip("`\"'"))
    of = fields.entities.get(prefix) if dot else None
    items = []
    if of in (None, Entity.ATTRIBUTE):
        items += [
            Item(text=each.name, label=each.name, kind="attribute")
            for each in fields.attributes
            if part in fold(each.name)
        ]
    if fields is RUNS:
        for kind, entity in _KEYED.items():
            if of in (None, entity):
                keys = [key for key in columns.keys(tx, entity, seqs) if part in fold(key)]
                keys.sort(key=lambda key: (not fold(key).startswith(part), key))
                items += _keyed(kind, entity, keys)
        if not dot:
            items += [
                Item(text=f"{name}(", label=f"{name}(metric)", kind="function") for name in Aggregate if part in name
            ]
    return items[:MAX_ITEMS]


def _keyed(kind: str, entity: Entity, keys: Sequence[str]) -> Iterable[Item]:
    for key in keys[:MAX_ITEMS]:
        text = field_text(Field(entity, key), RUNS)
        if text is not None:
            yield Item(text=text, label=key, kind=kind)


def _values(tx: Tx, place: Place, seqs: Sequence[int]) -> list[Item]:
    field, typed = place.field, place.typed.strip("'\"")
    if field is None:
        return []
    if field.entity in (Entity.PARAM, Entity.TAG) and seqs:
        found = columns.values(tx, field, seqs, typed, MAX_ITEMS)
    elif field == Field(Entity.ATTRIBUTE, "status"):
        found = [(str(status), 0) for status in Status if fold(typed) in fold(status)]
    else:
        return []
    texts = ((quoted(value), value, runs) for value, runs in found)
    return [
        Item(text=text, label=value[:200], kind="value", runs=runs or None)
        for text, value, runs in texts
        if text is not None
    ]
