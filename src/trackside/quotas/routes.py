"""The calls about quotas."""

from msgspec import UNSET

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied
from trackside.core.http.routes import Route, command, query
from trackside.quotas import model as m
from trackside.quotas import store, usage

PATH = "/api/trackside/v1/quotas"


def list_of(tx: Tx, call: m.ListQuotas) -> m.Quotas:
    """Return the quotas that apply in the workspace, with the use of each subject.

    Quotas of the server are returned to callers who may read quotas on the server."""
    quotas = store.shown(tx)
    if call.scope:
        scope = m.scope_of(call.scope)
        quotas = [quota for quota in quotas if quota.scope is scope]
    shown = [_shown(use) for use in store.uses(tx, quotas) if call.subject in (None, "", use.subject)]
    for quota in quotas:  # one for each subject without any use yet
        if quota.subject == m.EACH and not any(each.is_each and each.scope == quota.scope for each in shown):
            shown.append(_shown(m.Use(quota, m.EACH, 0)))
    counted_at = usage.counted_at(tx)
    return m.Quotas(quotas=shown, counted_at=UNSET if counted_at is None else counted_at)


def put(tx: Tx, call: m.SetQuota) -> m.GotQuota:
    """Create a quota, or change its limit.  A limit below the usage blocks only new objects."""
    scope, subject, measure = _named(call)
    limit = m.limit_of(call.limit)
    _check_rights(tx, scope)
    store.put(tx, scope, subject, measure, limit)
    quota = next(q for q in store.all_of(tx) if (q.scope, q.subject, q.measure) == (scope, subject, measure))
    used = 0 if subject == m.EACH else store.used(tx, measure, m.Subject(scope, subject))
    return m.GotQuota(quota=_shown(m.Use(quota, subject, used)))


def delete(tx: Tx, call: m.DeleteQuota) -> None:
    """Remove a quota."""
    scope, subject, measure = _named(call)
    _check_rights(tx, scope)
    store.delete(tx, scope, subject, measure)


def recount(tx: Tx, call: m.ListQuotas) -> None:
    """Queue a job that counts runs, points and files again."""
    del call
    usage.request_recount(tx)


def routes() -> list[Route]:
    read, write = Action.QUOTAS_READ, Action.QUOTAS_WRITE
    return [
        query(f"GET {PATH}", m.ListQuotas, list_of, needs=read, answer=m.Quotas),
        command(f"PUT {PATH}", m.SetQuota, put, needs=write, answer=m.GotQuota),
        command(f"DELETE {PATH}", m.DeleteQuota, delete, needs=write),
        command(f"POST {PATH}/recount", m.ListQuotas, recount, needs=write),
    ]


def _named(call: m.SetQuota | m.DeleteQuota) -> tuple[m.Scope, str, m.Measure]:
    scope = m.scope_of(call.scope)
    return scope, m.subject_of(call.subject, scope), m.measure_of(call.measure, scope)


def _check_rights(tx: Tx, scope: m.Scope) -> None:
    """Raise Denied unless the caller has the right for the quota.  Quotas of the server and of a workspace need the right on the
    server, since owners of a workspace could otherwise raise them."""
    of_server = scope in (m.Scope.SERVER, m.Scope.WORKSPACE)
    if of_server and Action.QUOTAS_WRITE not in tx.caller.rights(None).everywhere:
        what = "a workspace" if scope is m.Scope.WORKSPACE else "all workspaces"
        raise Denied(f"Permission denied: a quota of {what} needs {Action.QUOTAS_WRITE} on the server.")


def _shown(use: m.Use) -> m.ShownQuota:
    quota = use.quota
    return m.ShownQuota(
        scope=quota.scope,
        subject=use.subject,
        measure=quota.measure,
        limit=quota.limit,
        used=use.used,
        level=use.level if use.subject != m.EACH else m.Level.NONE,
        is_each=quota.subject == m.EACH,
        updated_by=quota.updated_by,
        updated_at=quota.updated_at,
    )
