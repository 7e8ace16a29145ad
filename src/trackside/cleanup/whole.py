"""Deletions in one transaction of a slice: endpoints, links, link logs, datasets, jobs, monitors, tokens and aliases.

No file is theirs alone; the files of a day of requests are deleted by `work`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from trackside.access import store as access
from trackside.cleanup.model import Found, Kind, Target
from trackside.core.access import Action, Object
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.drift.monitors import store as monitors
from trackside.endpoints import store as endpoints
from trackside.evaluation_datasets import store as datasets
from trackside.holds import store as holds
from trackside.holds.model import Kind as Held
from trackside.identity import credentials
from trackside.identity import service as people
from trackside.identity import store as principals
from trackside.jobs import store as jobs
from trackside.jobs.model import LIVE
from trackside.links import store as links
from trackside.registry import aliases, models
from trackside.workspaces import store as workspaces


@dataclass(frozen=True)
class Whole:
    """`find` raises NotFound where the target is not there."""

    needs: Action
    find: Callable[[Tx, Target], Found]
    remove: Callable[[Tx, Target], None]


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
    row = tx.one("SELECT COUNT(*) FROM link_items WHERE workspace_id = :ws AND link_id = :id", id=link.link_id)
    return Found(
        name=target.name,
        counts={"links": 1},
        kept=(f"{0 if row is None else row[0]} linked objects stay on both sides",),
    )


def _remove_link(tx: Tx, target: Target) -> None:
    links.remove(tx, links.get(tx, target.name))


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
    """Its files are counted by `work`: they lie in the data folder of the server."""
    endpoints.get(tx, target.name)
    held = tuple(hold.text for hold in holds.covering(tx, Held.WORKSPACE, ""))
    return Found(name=target.name, counts={}, holds=held, kept=("requests of other days stay",))


def _remove_nothing(tx: Tx, target: Target) -> None:
    """The rows say nothing of a day."""


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


def may_revoke(tx: Tx, target: Target) -> bool:
    """Whether the token is the caller's own, or one of a user whom the caller may delete."""
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
}
