"""Deletions that take one transaction of a slice: endpoints, links, datasets, jobs, webhooks, tokens and others.

These objects own no files, except a day of a request log and a trace, whose files `work` deletes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from trackside.access import store as access
from trackside.alerts import store as alerts
from trackside.alerts.model import State as RuleState
from trackside.cleanup.model import Found, Kind, Target
from trackside.core.access import Action, Object
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.drift.monitors import store as monitors
from trackside.endpoints import store as endpoints
from trackside.evaluation_datasets import record_store as records
from trackside.evaluation_datasets import store as datasets
from trackside.holds import store as holds
from trackside.holds.model import Kind as Held
from trackside.identity import credentials
from trackside.identity import service as people
from trackside.identity import store as principals
from trackside.jobs import ownership
from trackside.jobs import schedule_store as schedules
from trackside.jobs import store as jobs
from trackside.jobs.model import LIVE
from trackside.links import store as links
from trackside.links.model import CreatedBy, State
from trackside.links.state import item_store as link_items
from trackside.registry import aliases, models
from trackside.traces.storage import changes as trace_changes
from trackside.traces.storage import trash as trace_trash
from trackside.views import store as views
from trackside.webhooks import subscriptions as webhooks
from trackside.workspaces import store as workspaces


@dataclass(frozen=True)
class Whole:
    """The functions of one kind.  `find` raises NotFound if the target does not exist.  `remove` returns a message about work
    that the server has yet to do."""

    needs: Action
    find: Callable[[Tx, Target], Found]
    remove: Callable[[Tx, Target], str | None]


def _endpoint(tx: Tx, target: Target) -> Found:
    endpoint = endpoints.get(tx, target.name)
    deployments = endpoints.deployments_of(tx, endpoint)
    return Found(
        name=target.name,
        counts={"endpoints": 1, "deployments": len(deployments)},
        kept=("files of the registered versions stay",) if deployments else (),
    )


def _remove_endpoint(tx: Tx, target: Target) -> None:
    endpoints.delete(tx, endpoints.lock(tx, target.name))
    access.forget_object(tx, workspaces.name(tx), Object("endpoint", target.name))


def _link(tx: Tx, target: Target) -> Found:
    link = links.get(tx, target.name)
    made = {maker: sum(link_items.mirrored(tx, link.link_id, maker).values()) for maker in CreatedBy}
    if target.copies != "remove":
        return Found(
            name=target.name,
            counts={"links": 1},
            kept=(f"{sum(made.values())} linked objects stay on both sides",),
        )
    return Found(
        name=target.name,
        counts={"links": 1, "copies_here": made[CreatedBy.HERE], "copies_there": made[CreatedBy.US]},
        kept=(
            f"{made[CreatedBy.THEM]} linked objects that the link did not make stay on both sides",
            "copies that were changed since they came stay",
        ),
    )


def _remove_link(tx: Tx, target: Target) -> str | None:
    if target.copies != "remove":
        links.remove(tx, links.get(tx, target.name))
        return None
    links.set_state(tx, target.name, State.REMOVING)
    return f"the copies go to the trash one by one, then the link goes; `trackside link show {target.name}` says how far it is"


def _dataset(tx: Tx, target: Target) -> Found:
    dataset = datasets.get(tx, target.dataset_id)
    row = tx.one(
        """
        SELECT COUNT(*), COALESCE(SUM(LENGTH(r.inputs)), 0) FROM evaluation_dataset_records r
        JOIN evaluation_datasets d ON d.evaluation_dataset_seq = r.evaluation_dataset_seq
        WHERE r.workspace_id = :ws AND d.workspace_id = :ws AND d.dataset_id = :id
        """,
        id=target.dataset_id,
    )
    records, size = (0, 0) if row is None else row
    return Found(name=dataset.name, counts={"datasets": 1, "records": records}, row_bytes=int(size))


def _remove_dataset(tx: Tx, target: Target) -> None:
    datasets.delete(tx, target.dataset_id)


def _job(tx: Tx, target: Target) -> Found:
    job = jobs.get(tx, target.job_id)
    row = tx.one(
        "SELECT COALESCE(SUM(size_bytes), 0) FROM job_logs WHERE workspace_id = :ws AND job_seq = :seq",
        seq=job.job_seq,
    )
    return Found(
        name=job.job_id,
        counts={"jobs": 1},
        row_bytes=0 if row is None else int(row[0]),
        running=(job.job_id,) if job.state in LIVE else (),
    )


def _remove_job(tx: Tx, target: Target) -> None:
    jobs.delete(tx, jobs.lock(tx, target.job_id))


def _monitor(tx: Tx, target: Target) -> Found:
    monitor = monitors.get(tx, target.name)
    seq = monitor.monitor_seq
    windows = tx.one("SELECT COUNT(*) FROM drift_windows WHERE workspace_id = :ws AND monitor_seq = :seq", seq=seq)
    incidents = tx.one("SELECT COUNT(*) FROM drift_incidents WHERE workspace_id = :ws AND monitor_seq = :seq", seq=seq)
    counts = {
        "monitors": 1,
        "windows": 0 if windows is None else windows[0],
        "incidents": 0 if incidents is None else incidents[0],
    }
    return Found(name=target.name, counts=counts, kept=("the rows that it looked at stay",))


def _remove_monitor(tx: Tx, target: Target) -> None:
    monitors.delete(tx, monitors.lock(tx, target.name))


def _capture(tx: Tx, target: Target) -> Found:
    """Find a day of a request log.  `work` counts its files, which are in the server's data folder."""
    endpoints.get(tx, target.name)
    held = tuple(holds.covering(tx, Held.WORKSPACE, ""))
    return Found(name=target.name, counts={}, holds=held, kept=("requests of other days stay",))


def _remove_nothing(tx: Tx, target: Target) -> None:
    """Delete nothing: `work` deletes these objects."""


def _token(tx: Tx, target: Target) -> Found:
    token = credentials.get_token(tx, target.token_id or 0)
    return Found(name=token.name, counts={"tokens": 1}, kept=("what programs stored with it stays",))


def _remove_token(tx: Tx, target: Target) -> None:
    token = credentials.get_token(tx, target.token_id or 0)
    people.revoke_token(tx, principals.get(tx, token.principal_id), token)


def _link_log(tx: Tx, target: Target) -> Found:
    link = links.get(tx, target.name)
    row = tx.one(
        "SELECT COUNT(*), COALESCE(SUM(LENGTH(message)), 0) FROM link_log WHERE workspace_id = :ws AND link_id = :id",
        id=link.link_id,
    )
    count, size = (0, 0) if row is None else row
    return Found(name=target.name, counts={"log_entries": count}, row_bytes=int(size), kept=("the link stays",))


def _remove_link_log(tx: Tx, target: Target) -> None:
    tx.run("DELETE FROM link_log WHERE workspace_id = :ws AND link_id = :id", id=links.get(tx, target.name).link_id)


def _alias(tx: Tx, target: Target) -> Found:
    version = aliases.find(tx, models.key_of(tx, target.name).model_seq, target.alias)
    if version is None:
        raise NotFound(f"Registered model {target.name} has no alias {target.alias!r}")
    return Found(name=target.alias, counts={"aliases": 1}, kept=(f"version {version} stays, with its files",))


def _remove_alias(tx: Tx, target: Target) -> None:
    aliases.delete(tx, target.name, target.alias)


def _deployment(tx: Tx, target: Target) -> Found:
    endpoint = endpoints.get(tx, target.name)
    found = endpoints.get_deployment(tx, endpoint, target.deployment)
    return Found(
        name=target.deployment,
        counts={"deployments": 1},
        traffic=found.traffic,
        kept=("the endpoint and its other deployments stay", "files of the registered version stay"),
    )


def _remove_deployment(tx: Tx, target: Target) -> None:
    endpoints.delete_deployment(tx, endpoints.lock(tx, target.name), target.deployment)


def _webhook(tx: Tx, target: Target) -> Found:
    webhook = webhooks.get(tx, target.webhook_id)
    row = tx.one(
        """
        SELECT COUNT(*), COALESCE(SUM(CASE WHEN ended_at IS NULL THEN 1 ELSE 0 END), 0), COALESCE(SUM(LENGTH(body)), 0)
        FROM webhook_deliveries WHERE workspace_id = :ws AND webhook_seq = :webhook
        """,
        webhook=webhook.webhook_seq,
    )
    count, waiting, size = (0, 0, 0) if row is None else map(int, row)
    return Found(
        name=webhook.name,
        counts={"webhooks": 1, "deliveries": count, "unsent_deliveries": waiting},
        row_bytes=size,
        kept=("what was sent stays with the receiver",),
    )


def _remove_webhook(tx: Tx, target: Target) -> None:
    webhooks.delete(tx, target.webhook_id)


def _schedule(tx: Tx, target: Target) -> Found:
    ownership.check_schedule(tx, schedules.get(tx, target.name))
    return Found(name=target.name, counts={"schedules": 1}, kept=("the jobs that it started stay",))


def _remove_schedule(tx: Tx, target: Target) -> None:
    ownership.check_schedule(tx, schedules.lock(tx, target.name))
    schedules.delete(tx, target.name)


def _alert_rule(tx: Tx, target: Target) -> Found:
    rule = alerts.get(tx, target.name)
    kept = ["the webhooks that it is sent to stay"]
    if rule.state is RuleState.FIRING:
        kept.append("it is firing; no message is sent at the end of the alert")
    return Found(name=target.name, counts={"alert_rules": 1}, kept=tuple(kept))


def _remove_alert_rule(tx: Tx, target: Target) -> None:
    alerts.delete(tx, target.name)


def _view(tx: Tx, target: Target) -> Found:
    view = views.get(tx, target.view_id)
    return Found(name=view.name, counts={"saved_views": 1}, row_bytes=len(bytes(view.state)), kept=("its runs stay",))


def _remove_view(tx: Tx, target: Target) -> None:
    views.delete(tx, target.view_id)


def _record(tx: Tx, target: Target) -> Found:
    size = records.size_of(tx, target.dataset_id, target.record_id)
    return Found(
        name=target.record_id,
        counts={"records": 1},
        row_bytes=size,
        kept=("the other records of the dataset stay", "a trace that it was made from stays"),
    )


def _remove_record(tx: Tx, target: Target) -> None:
    records.delete(tx, target.dataset_id, [target.record_id])


def _trace(tx: Tx, target: Target) -> Found:
    """Return the trace with the id, or else the one in the trash that was deleted last."""
    found = trace_trash.get(tx, target.trace_id)
    ((size, spans, assessments),) = tx.all(
        """
        SELECT t.size_bytes, t.span_count,
            (SELECT COUNT(*) FROM trace_assessments a WHERE a.trace_seq = t.trace_seq AND a.workspace_id = :ws)
        FROM traces t WHERE t.workspace_id = :ws AND t.trace_seq = :seq
        """,
        seq=found.seq,
    )
    files, file_bytes = trace_trash.files_of(tx, [found.seq])
    return Found(
        name=target.trace_id,
        counts={"traces": 1, "spans": spans, "assessments": assessments},
        row_bytes=int(size) - file_bytes,
        roots=(found.artifact_uri,),
        span_files=files,
        span_file_bytes=file_bytes,
        holds=trace_changes.held(tx, found.experiment_id),
        kept=("records of datasets that were made from it stay",),
    )


def may_revoke(tx: Tx, target: Target) -> bool:
    """Return whether the token belongs to the caller, or to a user whom the caller may delete."""
    if tx.caller.is_admin:
        return True
    token = credentials.find(tx, target.token_id or 0)
    if token is None:
        return False
    if token.principal_id == tx.caller.principal_id:
        return True
    may_delete = Action.USERS_DELETE in tx.caller.rights(None).everywhere
    return may_delete and tx.caller.may_act_for(tx, principals.get(tx, token.principal_id))


KINDS = {
    Kind.ENDPOINT: Whole(Action.ENDPOINTS_DELETE, _endpoint, _remove_endpoint),
    Kind.LINK: Whole(Action.LINKS_DELETE, _link, _remove_link),
    Kind.DATASET: Whole(Action.DATASETS_DELETE, _dataset, _remove_dataset),
    Kind.JOB: Whole(Action.JOBS_DELETE, _job, _remove_job),
    Kind.MONITOR: Whole(Action.MONITORS_DELETE, _monitor, _remove_monitor),
    Kind.CAPTURE: Whole(Action.ENDPOINTS_WRITE, _capture, _remove_nothing),
    Kind.TOKEN: Whole(Action.SIGNED_IN, _token, _remove_token),
    Kind.LINK_LOG: Whole(Action.LINKS_WRITE, _link_log, _remove_link_log),
    Kind.ALIAS: Whole(Action.MODELS_WRITE, _alias, _remove_alias),
    Kind.DEPLOYMENT: Whole(Action.ENDPOINTS_DELETE, _deployment, _remove_deployment),
    Kind.WEBHOOK: Whole(Action.WEBHOOKS_DELETE, _webhook, _remove_webhook),
    Kind.SCHEDULE: Whole(Action.JOBS_DELETE, _schedule, _remove_schedule),
    Kind.ALERT_RULE: Whole(Action.WEBHOOKS_DELETE, _alert_rule, _remove_alert_rule),
    Kind.VIEW: Whole(Action.EXPERIMENTS_WRITE, _view, _remove_view),
    Kind.RECORD: Whole(Action.DATASETS_WRITE, _record, _remove_record),
    Kind.TRACE: Whole(Action.TRACES_DELETE, _trace, _remove_nothing),
}
