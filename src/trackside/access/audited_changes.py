"""The changes in a workspace that the audit log records, and their names.

Logged data (runs, metrics, params, tags) is not recorded here but in the change log: it would be most of the audit log.
"""

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from trackside.core.db.tx import Change, Tx
from trackside.core.errors import NotFound
from trackside.identity.service import record
from trackside.workspaces import store as workspaces

_REGISTRY = frozenset({"create", "delete", "rename", "set-alias", "delete-alias", "set-stage"})
AUDITED: dict[str, frozenset[str]] = {
    "experiment": frozenset({"create", "delete", "restore", "rename"}),
    "run": frozenset({"delete", "restore", "remove files"}),
    "logged_model": frozenset({"delete", "restore", "remove files"}),
    "registered_model": _REGISTRY,
    "model_version": _REGISTRY,
    "workspace": frozenset({"create", "update", "delete"}),
    "evaluation_dataset": frozenset({"delete"}),
    "scorer": frozenset({"delete"}),
    "label_schema": frozenset({"delete"}),
    "review_queue": frozenset({"delete"}),
    "registry": frozenset({"update"}),
    "webhook": frozenset({"create", "update", "delete"}),
    "link": frozenset({"create", "remove", "paused", "active"}),
    "endpoint": frozenset({"create", "delete", "regenerate-primary-key", "regenerate-secondary-key"}),
}


def record_changes(tx: Tx, changes: Sequence[Change]) -> None:
    """Record, in the same transaction, what a signed-in caller deletes, moves or administers."""
    for change in changes:
        if change.action in AUDITED.get(change.entity, ()):
            detail = {}
            if change.detail:
                with suppress(msgspec.DecodeError):
                    detail = msgspec.json.decode(change.detail)
            record(
                tx,
                f"{change.entity}.{change.action}",
                change.entity,
                change.entity_id,
                workspace=_name(tx),
                change=detail,
            )


def _name(tx: Tx) -> str:
    try:
        return workspaces.name(tx)
    except NotFound:  # of a workspace that this transaction deletes, or without one
        return ""
