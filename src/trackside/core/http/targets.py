"""What calls name: from the fields of a call to references.  Knows fields by their names; knows no slice."""

from collections.abc import Callable, Mapping
from typing import Any

from trackside.core.access import Action, Reference

On = Callable[[Any], list[Reference]]


def by(kind: str, *fields: str, default: str = "", needs: Action | None = None) -> On:
    """The first field that is given names it, or each of them if it is a list."""

    def on(call: Any) -> list[Reference]:
        for field in fields:
            value = call.get(field) if isinstance(call, Mapping) else getattr(call, field, None)
            if value not in (None, "", []):
                values = value if isinstance(value, list) else [value]
                return [Reference(kind, str(one), needs) for one in values]
        return [Reference(kind, default, needs)] if default else []

    return on


def both(first: On, *others: On) -> On:
    """What `first` names, which must be there, and what the others name besides."""

    def on(call: Any) -> list[Reference]:
        found = first(call)
        return found and [*found, *(reference for other in others for reference in other(call))]

    return on
