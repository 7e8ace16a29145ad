"""The calls about alert rules."""

from trackside.alerts import measures, store
from trackside.alerts import model as m
from trackside.core.access import Action, Object
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.core.http.codec import Answer
from trackside.core.http.routes import Route, command, query
from trackside.endpoints import store as endpoints
from trackside.links import store as links
from trackside.webhooks.subscriptions import check_rights

PATH = "/api/trackside/v1/alert-rules"


class Measured(Answer, frozen=True):
    """`value` is absent if there is nothing to measure."""

    would_fire: bool
    value: float | None = None


def list_of(tx: Tx, call: m.ListRules) -> m.Rules:
    """Return the alert rules of the workspace with their states."""
    state = m.state_of(call.rule_state)
    return m.Rules(rules=[m.shown(rule) for rule in store.all_of(tx) if state in (None, rule.state)])


def put(tx: Tx, call: m.PutRule) -> m.GotRule:
    """Create an alert rule, or change the one of the same name."""
    wanted = m.checked(call)
    if wanted.measure is m.Measure.EVENTS:
        check_rights(tx, [wanted.target])
    elif wanted.target and not store.has_target(tx, wanted):
        _check_target(tx, wanted)
    return m.GotRule(rule=m.shown(store.put(tx, wanted)))


def _check_target(tx: Tx, wanted: m.Wanted) -> None:
    """Raise NotFound for a link or an endpoint that does not exist: the rule would never fire.  A rule that has a target keeps it
    when that is deleted."""
    if m.TARGETS[wanted.measure] == "link":
        links.get(tx, wanted.target)
    elif not tx.rights.allows(Action.ENDPOINTS_READ, Object("endpoint", wanted.target)):
        raise NotFound(f"Endpoint with name={wanted.target} not found")
    else:
        endpoints.get(tx, wanted.target)


def get(tx: Tx, call: m.OfRule) -> m.GotRule:
    return m.GotRule(rule=m.shown(store.get(tx, call.name or "")))


def delete(tx: Tx, call: m.OfRule) -> None:
    """Remove an alert rule."""
    store.delete(tx, call.name or "")


def test(tx: Tx, call: m.OfRule) -> Measured:
    """Measure the current value of a rule.  Changes nothing."""
    rule = store.get(tx, call.name or "")
    value = measures.value(tx, rule)
    return Measured(value=value, would_fire=value is not None and value > rule.above)


def routes() -> list[Route]:
    one = f"{PATH}/{{name}}"
    read, write = Action.WEBHOOKS_READ, Action.WEBHOOKS_WRITE
    return [
        query(f"GET {PATH}", m.ListRules, list_of, needs=read, answer=m.Rules),
        command(f"PUT {one}", m.PutRule, put, needs=write, answer=m.GotRule),
        query(f"GET {one}", m.OfRule, get, needs=read, answer=m.GotRule),
        command(f"DELETE {one}", m.OfRule, delete, needs=Action.WEBHOOKS_DELETE),
        query(f"GET {one}/value", m.OfRule, test, needs=read, answer=Measured),
    ]
