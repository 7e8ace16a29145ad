"""References to the objects that a call names, from its fields.  Depends on no slice."""

from collections.abc import Callable, Mapping
from typing import Any

from trackside.core.access import Action, Reference

On = Callable[[Any], list[Reference]]


def by(kind: str, *fields: str, default: str = "", needs: Action | None = None) -> On:
    """Return a function that names the objects in the first of `fields` that is set; a list names each of its values."""

    def on(call: Any) -> list[Reference]:
        for field in fields:
            value = call.get(field) if isinstance(call, Mapping) else getattr(call, field, None)
            if value not in (None, "", []):
                values = value if isinstance(value, list) else [value]
                return [Reference(kind, str(one), needs) for one in values]
        return [Reference(kind, default, needs)] if default else []

    return on


def both(first: On, *others: On) -> On:
    """Return a function that names what `first` names, which must be set, and also what the others name."""

    def on(call: Any) -> list[Reference]:
        found = first(call)
        return found and [*found, *(reference for other in others for reference in other(call))]

    return on
