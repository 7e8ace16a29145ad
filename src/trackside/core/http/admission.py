"""Authorization of a call: may this caller make it?  Depends on actions, rights and references, and on no credential or role.

Most callers have an action in the whole workspace or not at all, which is decided without a look at the call.  Where the
rights differ by object, the edge first locates what the call names: the experiment of a run, the run of a file.  Objects that
are hidden and objects that do not exist get the same error.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from trackside.core.access import (
    INCLUDED,
    MUST_CHANGE,
    OPEN,
    Action,
    Caller,
    Object,
    Reference,
    Rights,
    experiment_named,
)
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Unauthenticated
from trackside.core.http.routes import HANDLED, LISTED, Route

REFUSED = "Permission denied."
MOST_LOCATED = 100_000

# The place of something: one object, or several on which the caller needs the right; None: it does not exist.
Found = Object | tuple[Object, ...] | None
Locate = Callable[[Tx, str], Found]
Headers = Mapping[bytes, bytes]
_Known = dict[tuple[int, str, str], Object | tuple[Object, ...]]  # by workspace, kind and id


class Gate(Protocol):
    """Authentication of callers.

    `recall` returns a caller from memory, or None if `admit` must be called in a thread.  `refused` writes a refusal to the audit
    log.  `still_knows` returns whether `recall`, called when `age` had this value, would return the same caller now."""

    @property
    def age(self) -> int: ...

    def still_knows(self, caller: Caller, age: int) -> bool: ...

    def recall(self, headers: Headers, method: str) -> Caller | None: ...

    def admit(self, headers: Headers, method: str, source: Any) -> Caller: ...

    def refused(self, caller: Caller, route: Route, workspace: Any, source: Any) -> None: ...

    def source(self, route: str, scope: Any) -> Any: ...

    def source_of(self, method: str, path: str) -> Any: ...

    def forget(self) -> None: ...


class Admission:
    """Checks the rights of callers, and caches which experiment a run is in.

    The cache is dropped when `age` changes; a run that moves to another experiment increments the generation of the rights."""

    def __init__(self, locate: Mapping[str, Locate], age: Callable[[], int]) -> None:
        self._locate = locate
        self._age = age
        self._known_age = age()
        self._known: _Known = {}

    def may_pass(self, route: Route, caller: Caller, rights: Rights) -> bool:
        """Return True if the caller may make the call on every object, and False if `check` must decide by the named objects.

        Raise Denied if the call would be refused in any case, Unauthenticated if a sign-in is missing."""
        needs = route.needs
        if caller.must_change_password and needs is not Action.SIGNED_IN:
            raise Denied(MUST_CHANGE)
        if route.on is HANDLED:
            return True
        also = route.also or INCLUDED.get(needs, ())
        if needs in rights.everywhere and not rights.some and rights.everywhere.issuperset(also):
            if needs is Action.SIGNED_IN and not caller.is_signed_in and caller is not OPEN:
                raise Unauthenticated("You are not authenticated.")
            return True
        if route.on is LISTED and rights.is_any:
            return True  # the SQL filters by the rights; the result may be empty
        if needs in rights.some:
            if route.on is None:
                raise Denied(REFUSED)
            return False
        if needs in rights.everywhere:
            return not rights.missing(also)
        raise Denied(REFUSED)

    def check(self, tx: Tx, route: Route, rights: Rights, call: Any) -> None:
        """Raise Denied unless the caller has the rights on everything that the call names."""
        known = self._remembered()  # before the store is read, so that an outdated place is not cached
        for reference in _named(route, call):
            if not self._allows(route, rights, reference, self._find(tx, reference, known)):
                raise Denied(REFUSED)

    def recalls(self, ws: int, route: Route, rights: Rights, call: Any) -> bool:
        """Check the call as `check` does, from the cache.  Return False if the store must be read."""
        known = self._remembered()
        for reference in _named(route, call):
            found = known.get((ws, reference.kind, reference.id)) or _itself(reference)
            if found is None:
                return False
            if not self._allows(route, rights, reference, found):
                raise Denied(REFUSED)
        return True

    def _allows(self, route: Route, rights: Rights, reference: Reference, found: Found) -> bool:
        action = reference.needs or route.needs
        if action in rights.everywhere and action not in rights.some:
            return True
        if found is None or isinstance(found, Object):
            return found is not None and rights.allows(action, found)
        return all(rights.allows(action, each) for each in found) if found else action in rights.everywhere

    def _remembered(self) -> _Known:
        age = self._age()
        if age != self._known_age:
            self._known = {}
            self._known_age = age
        return self._known

    def _find(self, tx: Tx, reference: Reference, known: _Known) -> Found:
        found = _itself(reference)
        if found is not None:
            return found
        key = (tx.ws, reference.kind, reference.id)
        found = known.get(key)
        if found is None:
            found = self._locate[reference.kind](tx, reference.id)
            if found is not None and reference.is_fixed:
                if len(known) >= MOST_LOCATED:
                    known.clear()
                known[key] = found
        return found


def _itself(reference: Reference) -> Found:
    if reference.kind == "workspace":
        return ()
    if reference.kind == "experiment":
        return experiment_named(reference.id)
    return Object(reference.kind, reference.id) if reference.kind in ("model", "endpoint") else None


def _named(route: Route, call: Any) -> Iterable[Reference]:
    """Return what the call names.  Raise Denied if it names nothing: then it concerns the workspace, and a right on one object is
    not enough."""
    references = route.on(call) if callable(route.on) else []
    if not references:
        raise Denied(REFUSED)
    return references
