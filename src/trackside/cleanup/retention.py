"""Retention rules: select runs, or files of runs, by experiment, filter, age and rank.  Deletes nothing."""

from fnmatch import fnmatchcase

from msgspec import Struct

from trackside.cleanup.kinds import Retention
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Invalid
from trackside.runs import selection
from trackside.runs.selection import SelectRuns

DAY_MS = 86_400_000
MAX_COUNT = 1_000_000
SHOWN = 100


class Matched(Struct, frozen=True):
    run_ids: list[str]
    total: int  # active runs of the workspace


def check(tx: Tx, rule: Retention) -> Retention:
    """Raise Invalid for a rule without any condition, which would match everything."""
    for name in ("older_than_days", "keep_last", "keep_best"):
        value = getattr(rule, name)
        if not 0 <= value <= MAX_COUNT:
            raise Invalid(f"{name} is {value}; it must be between 0 and {MAX_COUNT}")
    if not 0 < rule.most_percent <= 100:
        raise Invalid(f"most_percent is {rule.most_percent}; it must be between 1 and 100")
    if rule.keep_best and not rule.metric:
        raise Invalid("keep_best is given without metric; name the metric that ranks the runs")
    if rule.metric and not rule.keep_best:
        raise Invalid(f"metric is {rule.metric!r} without keep_best; say how many runs to keep")
    if rule.keep_last and rule.keep_best:
        raise Invalid("keep_last and keep_best are both given; choose one")
    narrows = rule.filter or rule.older_than_days or rule.keep_last or rule.keep_best or rule.artifacts
    if not narrows:
        raise Invalid(
            "The rule matches every run of its experiments. Give filter, older_than_days, keep_last, keep_best or artifacts."
        )
    find(tx, rule)  # an invalid filter or metric
    return rule


def find(tx: Tx, rule: Retention) -> Matched:
    """Return the runs that the rule matches now, in the experiments that the caller may read."""
    readable, bound = tx.only_readable("experiment", Action.RUNS_READ, "experiment_id")
    found = tx.all(
        f"""
        SELECT experiment_id, name FROM experiments WHERE workspace_id = :ws AND lifecycle_stage = 'active'{readable}
        ORDER BY experiment_id
        """,
        **bound,
    )
    matched: list[int] = []
    for experiment_id, name in found:
        if fnmatchcase(name, rule.experiments):
            matched += _of_experiment(tx, rule, str(experiment_id))
    ids = selection.ids_of(tx, matched)
    row = tx.one("SELECT COUNT(*) FROM runs WHERE workspace_id = :ws AND lifecycle_stage = 'active'")
    return Matched([ids[seq] for seq in matched if seq in ids], 0 if row is None else row[0])


def check_share(rule: Retention, found: Matched) -> None:
    """Raise BadState if the rule matches more of the workspace than its limit."""
    if len(found.run_ids) * 100 > rule.most_percent * found.total:
        share = len(found.run_ids) * 100 / found.total
        raise BadState(
            f"The rule matches {len(found.run_ids)} of {found.total} runs ({share:.0f} %), and most_percent is"
            f" {rule.most_percent}. Nothing was deleted. Look at its preview, then raise most_percent."
        ).because("rule-too-wide", share=f"{share:.0f}", most=str(rule.most_percent))


def _of_experiment(tx: Tx, rule: Retention, experiment_id: str) -> list[int]:
    order = ["attributes.start_time DESC"]
    if rule.keep_best:
        order = [f"metrics.`{rule.metric}` {'ASC' if rule.is_lower_better else 'DESC'}", *order]
    search = selection.read(tx, SelectRuns(experiment_ids=[experiment_id], filter=_filter(tx, rule)), order)
    return selection.seqs(tx, search)[rule.keep_last or rule.keep_best :]


def _filter(tx: Tx, rule: Retention) -> str | None:
    """Return the filter of a rule, including its age limit."""
    parts = [rule.filter] if rule.filter else []
    if rule.older_than_days:
        parts.append(f"attributes.start_time < {tx.now - rule.older_than_days * DAY_MS}")
    return " AND ".join(parts) or None
