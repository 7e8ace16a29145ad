"""Alert rules in SQL."""

from msgspec import convert, json

from trackside.alerts.model import MAX_RULES, Measure, Next, Rule, Severity, State, Wanted
from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import Invalid, NotFound

_COLUMNS = """rule_seq, name, measure, target, above, window_s, for_s, severity, is_enabled, state, value, pending_since,
    fired_at, checked_at, created_by, updated_at"""


def put(tx: Tx, wanted: Wanted) -> Rule:
    """Create a rule, or change the one of the same name and reset its state.  An unchanged rule keeps its state."""
    before = _lock(tx, wanted.name)
    if before is not None and convert(before, Wanted, from_attributes=True) == wanted:
        return before
    row = tx.one("SELECT COUNT(*) FROM alert_rules WHERE workspace_id = :ws AND name <> :name", name=wanted.name)
    if row is not None and row[0] >= MAX_RULES:
        raise Invalid(f"The workspace has {row[0]} alert rules; at most {MAX_RULES} are allowed.")
    tx.run(
        """
        INSERT INTO alert_rules (workspace_id, name, measure, target, above, window_s, for_s, severity, is_enabled, state,
            created_by, updated_at)
        VALUES (:ws, :name, :measure, :target, :above, :window_s, :for_s, :severity, :is_enabled, 'ok', :user, :now)
        ON CONFLICT (workspace_id, name) DO UPDATE SET measure = excluded.measure, target = excluded.target,
            above = excluded.above, window_s = excluded.window_s, for_s = excluded.for_s, severity = excluded.severity,
            is_enabled = excluded.is_enabled, state = 'ok', value = NULL, pending_since = NULL, fired_at = NULL,
            checked_at = NULL, updated_at = excluded.updated_at
        """,
        name=wanted.name,
        measure=wanted.measure,
        target=wanted.target,
        above=wanted.above,
        window_s=wanted.window_s,
        for_s=wanted.for_s,
        severity=wanted.severity,
        is_enabled=int(wanted.is_enabled),
        user=tx.user,
    )
    tx.record(Change("alert_rule", wanted.name, "set"))
    _resolve(tx, before)
    return get(tx, wanted.name)


def has_target(tx: Tx, wanted: Wanted) -> bool:
    """Return whether there is a rule of this name with the same target."""
    found = tx.one("SELECT target FROM alert_rules WHERE workspace_id = :ws AND name = :name", name=wanted.name)
    return found is not None and found[0] == wanted.target


def get(tx: Tx, name: str) -> Rule:
    row = tx.one(f"SELECT {_COLUMNS} FROM alert_rules WHERE workspace_id = :ws AND name = :name", name=name)
    if row is None:
        raise NotFound(f"There is no alert rule {name[:100]!r}.")
    return _rule(row)


def delete(tx: Tx, name: str) -> None:
    before = _lock(tx, name)
    if not tx.run("DELETE FROM alert_rules WHERE workspace_id = :ws AND name = :name", name=name):
        raise NotFound(f"There is no alert rule {name[:100]!r}.")
    tx.record(Change("alert_rule", name, "delete"))
    _resolve(tx, before)


def all_of(tx: Tx) -> list[Rule]:
    rows = tx.all(f"SELECT {_COLUMNS} FROM alert_rules WHERE workspace_id = :ws ORDER BY name")
    return list(map(_rule, rows))


def remove_all(tx: Tx) -> None:
    """The workspace ends."""
    tx.run("DELETE FROM alert_rules WHERE workspace_id = :ws")


def workspaces(tx: Tx) -> list[int]:
    """Return the workspaces with active rules."""
    return [ws for (ws,) in tx.all("SELECT DISTINCT workspace_id FROM alert_rules WHERE is_enabled = 1")]


def note(tx: Tx, rule: Rule, value: float | None, new: Next) -> None:
    """Store the result of a check and record the event, unless the rule was changed or another server has done so."""
    changed = tx.run(
        """
        UPDATE alert_rules SET state = :state, value = :value, pending_since = :pending_since, fired_at = :fired_at,
            checked_at = :now
        WHERE workspace_id = :ws AND rule_seq = :rule AND updated_at = :updated_at AND state = :before AND is_enabled = 1
        """,
        state=new.state,
        value=value,
        pending_since=new.pending_since,
        fired_at=new.fired_at,
        rule=rule.rule_seq,
        updated_at=rule.updated_at,
        before=rule.state,
    )
    if changed and new.event:
        _tell(tx, rule, new.event, value)


def _lock(tx: Tx, name: str) -> Rule | None:
    """Return a rule and lock it until the end of the transaction; None if it does not exist."""
    row = tx.one(f"SELECT {_COLUMNS} FROM alert_rules WHERE workspace_id = :ws AND name = :name FOR UPDATE", name=name)
    return None if row is None else _rule(row)


def _resolve(tx: Tx, before: Rule | None) -> None:
    """Record that a changed or deleted rule no longer fires."""
    if before is not None and before.state is State.FIRING:
        _tell(tx, before, "resolved", None)


def _tell(tx: Tx, rule: Rule, event: str, value: float | None) -> None:
    detail = {
        "name": rule.name,
        "measure": rule.measure,
        "target": rule.target,
        "value": value,
        "above": rule.above,
        "severity": rule.severity,
    }
    tx.record(Change("alert", rule.name, event, json.encode(detail).decode()))


def _rule(row: Row) -> Rule:
    seq, name, measure, target, above, window_s, for_s, severity, is_enabled, state, *rest = row
    return Rule(
        seq,
        name,
        Measure(measure),
        target,
        above,
        window_s,
        for_s,
        Severity(severity),
        bool(is_enabled),
        State(state),
        *rest,
    )
