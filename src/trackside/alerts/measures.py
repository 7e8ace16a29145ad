"""The values of a workspace's alert rules in SQL: one function for each measure."""

import json
from collections.abc import Callable

from trackside.alerts.model import Measure, Rule
from trackside.core.db.tx import Tx
from trackside.endpoints.traffic import quantile_ms
from trackside.events.entries import Entry
from trackside.quotas import store as quotas
from trackside.webhooks import payloads

NEWEST = 2**62  # after every position in the change log
AT_ONCE = 2_000  # changes that one statement looks at


def value(tx: Tx, rule: Rule) -> float | None:
    """Return the measured value of a rule; None if there is nothing to measure."""
    return _MEASURES[rule.measure](tx, rule)


def _events(tx: Tx, rule: Rule) -> float:
    entity = rule.target.partition(".")[0]
    entities = {"deployment": "endpoint", "model_version_stage": "model_version"}
    count, after, since = 0, _before(tx, _since(tx, rule)), _since(tx, rule)
    while True:
        rows = tx.all(
            """
            SELECT seq, workspace_id, entity, entity_id, action, changed_at, user_name, detail FROM changes
            WHERE workspace_id = :ws AND seq > :after AND changed_at >= :since AND action <> 'log'
                AND (:any = 1 OR entity = :entity)
            ORDER BY seq LIMIT :most
            """,
            after=after,
            since=since,
            any=int(entity.startswith(("model_version_", "prompt", "drift"))),
            entity=entities.get(entity, entity),
            most=AT_ONCE,
        )
        happened = (payloads.event_of_change(Entry(*row)) for row in rows)
        count += sum(each is not None and each.event == rule.target for each in happened)
        if len(rows) < AT_ONCE:
            return float(count)
        after = rows[-1][0]


def _before(tx: Tx, since: int) -> int:
    """Return a position in the change log of the workspace that is before all changes since a time.

    No index has the times of changes.  They ascend along the log, except for transactions that overlap and a clock that is set
    back, so the search ends at the first piece of the log that is older as a whole."""
    position = NEWEST
    while True:
        found = tx.one(
            """
            SELECT MIN(seq), MAX(seq), MAX(changed_at) FROM (
                SELECT seq, changed_at FROM changes WHERE workspace_id = :ws AND seq < :position
                ORDER BY seq DESC LIMIT :most
            ) piece
            """,
            position=position,
            most=AT_ONCE,
        )
        first, last, at = (None, None, None) if found is None else found
        if first is None or at < since:
            return last or 0
        position = first


def _quota_percent(tx: Tx, rule: Rule) -> float | None:
    del rule
    shares = [100 * use.used / use.quota.limit for use in quotas.uses(tx, quotas.own(tx)) if use.quota.limit]
    return max(shares, default=None)


def _link_lag(tx: Tx, rule: Rule) -> float | None:
    row = tx.one(
        """
        SELECT MIN(d.dirty_since) FROM links l JOIN link_dirty d ON d.link_id = l.link_id
        WHERE l.workspace_id = :ws AND (:target = '' OR l.name = :target)
        """,
        target=rule.target,
    )
    return _age_s(tx, row)


def _link_failed(tx: Tx, rule: Rule) -> float | None:
    return _number(
        tx.one(
            """
            SELECT COUNT(*) FROM links l JOIN link_dirty d ON d.link_id = l.link_id
            WHERE l.workspace_id = :ws AND d.attempts > 0 AND (:target = '' OR l.name = :target)
            """,
            target=rule.target,
        )
    )


def _job_wait(tx: Tx, rule: Rule) -> float | None:
    del rule
    row = tx.one(
        """
        SELECT MIN(CASE WHEN due_at > created_at THEN due_at ELSE created_at END) FROM jobs
        WHERE workspace_id = :ws AND state = 'queued' AND due_at <= :now
        """
    )
    return _age_s(tx, row)


def _failed_jobs(tx: Tx, rule: Rule) -> float | None:
    return _number(
        tx.one(
            "SELECT COUNT(*) FROM jobs WHERE workspace_id = :ws AND state = 'failed' AND ended_at >= :since",
            since=_since(tx, rule),
        )
    )


def _unhealthy(tx: Tx, rule: Rule) -> float | None:
    return _number(
        tx.one(
            """
            SELECT COUNT(*) FROM deployments d JOIN endpoints e ON e.endpoint_seq = d.endpoint_seq
            WHERE d.workspace_id = :ws AND e.workspace_id = :ws AND d.state IN ('Unhealthy', 'Failed', 'Unschedulable')
                AND (:target = '' OR e.name = :target)
            """,
            target=rule.target,
        )
    )


def _dead(tx: Tx, rule: Rule) -> float | None:
    return _number(
        tx.one(
            "SELECT COUNT(*) FROM webhook_deliveries WHERE workspace_id = :ws AND state = 'DEAD' AND ended_at >= :since",
            since=_since(tx, rule),
        )
    )


def _requests(tx: Tx, rule: Rule) -> float | None:
    return float(_traffic(tx, rule)[0])


def _error_percent(tx: Tx, rule: Rule) -> float | None:
    requests, errors, _ = _traffic(tx, rule)
    return 100 * errors / requests if requests else None


def _p95(tx: Tx, rule: Rule) -> float | None:
    return quantile_ms(_traffic(tx, rule)[2], 0.95)


def _traffic(tx: Tx, rule: Rule) -> tuple[int, int, tuple[int, ...]]:
    """Requests, answers of 5xx and the histogram of the window."""
    rows = tx.all(
        """
        SELECT requests, server_errors, buckets FROM endpoint_minutes
        WHERE workspace_id = :ws AND minute >= :since AND (:target = '' OR endpoint = :target)
        """,
        since=_since(tx, rule) // 60_000 * 60_000,
        target=rule.target,
    )
    buckets = [json.loads(text) if isinstance(text, str) else list(text) for _, _, text in rows]
    return sum(row[0] for row in rows), sum(row[1] for row in rows), tuple(map(sum, zip(*buckets, strict=True)))


def _since(tx: Tx, rule: Rule) -> int:
    return tx.now - rule.window_s * 1000


def _age_s(tx: Tx, row: tuple[int | None, ...] | None) -> float | None:
    return None if row is None or row[0] is None else max(0.0, (tx.now - row[0]) / 1000)


def _number(row: tuple[int, ...] | None) -> float | None:
    return None if row is None else float(row[0])


_MEASURES: dict[Measure, Callable[[Tx, Rule], float | None]] = {
    Measure.EVENTS: _events,
    Measure.QUOTA_PERCENT: _quota_percent,
    Measure.LINK_LAG_S: _link_lag,
    Measure.LINK_FAILED_ITEMS: _link_failed,
    Measure.JOB_WAIT_S: _job_wait,
    Measure.FAILED_JOBS: _failed_jobs,
    Measure.UNHEALTHY_DEPLOYMENTS: _unhealthy,
    Measure.ENDPOINT_ERROR_PERCENT: _error_percent,
    Measure.ENDPOINT_P95_MS: _p95,
    Measure.ENDPOINT_REQUESTS: _requests,
    Measure.DEAD_DELIVERIES: _dead,
}
