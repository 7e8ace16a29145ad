"""The calls about links.  Remotes are called in threads, outside of transactions."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import msgspec

from trackside.artifacts.roots import Roots
from trackside.artifacts.store_threads import StoreThreads
from trackside.core.access import Action, Rights, Visit
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Invalid, Unavailable
from trackside.core.http import codec
from trackside.core.http.routes import Route, command, query, stream
from trackside.core.http.streams import Request, Response, json_response
from trackside.core.http.targets import by
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import Cancelled, NotCalled, RemoteUnavailable, RequestRejected
from trackside.core.outgoing.guard import Guard
from trackside.core.seal import Sealer
from trackside.core.work.keyed_pool import KeyedPool
from trackside.events import store as events
from trackside.links import check, run_relations, store
from trackside.links import model as m
from trackside.links.connect import connect, detect
from trackside.links.model import Link, LogKind, Options, State
from trackside.links.reconcile.context import Database, LinkContext
from trackside.links.secrets import context_of, secret_of
from trackside.links.state import backfill as marking
from trackside.links.state import held_deletions, item_store, work_queue
from trackside.sync.api import bulk, bundles, digests, items
from trackside.sync.remote.databricks.registry import DatabricksRegistry
from trackside.sync.remote.trackside.client import TracksideRemote
from trackside.traces.storage.body_files import BodyFiles
from trackside.workspaces import store as workspaces

T = TypeVar("T")
PATH = "/api/trackside/v1/links"
CHECK_AT_ONCE = 50
MAX_LOG = 1000
MOST_HELD = 100  # held deletions in an answer


class Calls:
    """`callers`: threads that may wait for a remote, with a share for each workspace."""

    def __init__(
        self,
        db: Database,
        roots: Roots,
        callers: KeyedPool,
        server_root: str,
        sealer: Sealer,
        cancel_token: CancelToken,
        most_links: int,
        guard: Guard,
    ) -> None:
        self._db = db
        self._roots = roots
        self._callers = callers
        self._server_root = server_root
        self._sealer = sealer
        self._cancel_token = cancel_token
        self._most_links = most_links
        self._guard = guard

    async def add(self, request: Request) -> Response:
        call: m.AddLink = codec.decode_body(m.AddLink, await request.whole_body())
        ws, visit = request.workspace.workspace_id, request.visit
        shown = await self._call(ws, lambda: self._add(ws, call, visit))
        return json_response(m.GotLink(link=shown), 201)

    async def compare(self, request: Request) -> Response:
        """Compare a page of items; `after` is the `next` of the previous page."""
        name = request.params["name"]
        after = request.query.get("after", [""])[-1]
        verify = _is_true(request.query.get("verify", [""])[-1])
        ws = request.workspace.workspace_id
        return json_response(await self._call(ws, lambda: self._compare(ws, name, after, verify=verify)))

    async def _call(self, ws: int, work: Callable[[], T]) -> T:
        return await self._callers.run(ws, None, partial(_reachable, work))

    def _add(self, ws: int, call: m.AddLink, visit: Visit) -> m.Shown:
        with self._db.read(ws) as tx:
            self._check_count(tx)  # before the remote is called
        name, mode = m.check_name(call.name), m.check_mode(call.mode)
        _check_rights(visit.rights, m.acts_of(mode, registry=bool(call.registry)))
        given = m.check_secret(call)
        target = m.target(call.to, call.kind, given)
        kind = target.kind or detect(target.url, target.secret, self._cancel_token, self._guard)
        if target.kind is m.Kind.MLFLOW:
            with suppress(RemoteUnavailable):  # then it is asked when it answers
                if detect(target.url, target.secret, self._cancel_token, self._guard) is m.Kind.TRACKSIDE:
                    raise Invalid(f"kind is mlflow, but {target.url} is a Trackside; leave out kind")
        with self._db.read(ws) as tx:
            now, workspace = tx.now, workspaces.current(tx)
        backfill, since = m.check_backfill(call.backfill, now)
        most, percent = m.check_max_deletions(call.max_deletions, call.max_deletions_percent)
        options = Options(
            experiments=m.check_globs(call.experiments),
            exclude=m.check_globs(call.exclude),
            backfill=backfill,
            since=since,
            registry=bool(call.registry),
            prefix=call.prefix or "",
            rate=m.check_rate(call.rate),
            max_deletions=most,
            max_deletions_percent=percent,
        )
        remote = connect(kind, target.url, options, target.secret, workspace.uid, self._cancel_token, guard=self._guard)
        try:
            if isinstance(remote, TracksideRemote) and remote.ask_store() == workspace.uid:
                raise Invalid(f"{target.url} is this workspace itself; a link leads to another one, such as …/ws/NAME")
            if options.registry and isinstance(remote.registry, DatabricksRegistry):
                _check_registry(remote.registry)
            cursor = remote.end_of_changes() if mode.takes and backfill == "none" else ""
        finally:
            remote.close()
        plain = None if target.secret == Secret() else msgspec.json.encode(target.secret).decode()
        if plain is not None:
            self._sealer.prepare()

        seen = events.begin(self._db)

        def write(tx: Tx) -> m.Shown:
            self._check_count(tx)
            secret = None if plain is None else self._sealer.seal(tx, plain, context_of(ws, name))
            by_caller = tx.in_visit(visit)
            link = store.create(by_caller, name, kind, target.url, mode, options, secret, cursor, seen)
            if mode.sends and backfill != "none":
                store.set_backfill_cursor(tx, link.link_id, marking.backfill())
            return _shown(tx, store.get(tx, name))

        result: m.Shown = self._db.writer.submit(ws, write).result()
        return result

    def _check_count(self, tx: Tx) -> None:
        if store.number_of_all(tx) >= self._most_links:
            raise Invalid(
                f"This server has {self._most_links} links, which is its limit, because each uses a thread. Remove one, or"
                " start the server with a larger --max-links."
            )

    def _compare(self, ws: int, name: str, after: str, *, verify: bool) -> check.Page:
        with self._db.read(ws) as tx:
            link, source = store.get(tx, name), workspaces.current(tx).uid
        secret = secret_of(ws, link, self._sealer)
        remote = connect(link.kind, link.url, link.options, secret, source, self._cancel_token, guard=self._guard)
        try:
            context = LinkContext(self._db, ws, link, remote, self._roots, self._server_root)
            return check.page(context, after, CHECK_AT_ONCE, verify=verify)
        finally:
            remote.close()


def listed(tx: Tx, call: codec.Call) -> m.Listed:  # passed by the composition root
    return m.Listed(links=[_shown(tx, link) for link in store.all_of(tx)])


def get(tx: Tx, call: m.OfLink) -> m.GotLink:
    return m.GotLink(link=_shown(tx, store.get(tx, call.link)))


def pause(tx: Tx, call: m.OfLink) -> m.GotLink:
    return m.GotLink(link=_shown(tx, store.set_state(tx, call.link, State.PAUSED)))


def resume(tx: Tx, call: m.ResumeLink) -> m.GotLink:
    """Resume a paused link, in the name of the user who resumes it.

    Deletions for which it paused are carried out if they are accepted; otherwise they are decided again.
    """
    link = store.get(tx, call.link)
    _check_rights(tx.rights, link.acts)
    resumed = store.set_state(tx, call.link, State.ACTIVE)
    store.act_for_caller(tx, resumed.name)
    if call.accept_deletions:
        accepted = held_deletions.accept(tx, link)
        if accepted:
            store.note(tx, link.link_id, LogKind.STATE, "", "", f"the deletion of {accepted} items was accepted")
    else:
        held_deletions.compare_again(tx, link.link_id)
    return m.GotLink(link=_shown(tx, store.get(tx, call.link)))


def sync(tx: Tx, call: m.SyncCall) -> m.GotLink:
    """Compare everything with the remote, including items in the agreed state."""
    link = store.get(tx, call.link)
    depth = marking.Depth.COMPARE_BYTES if call.verify else marking.Depth.COMPARE
    store.set_backfill_cursor(tx, link.link_id, marking.whole(link.mode, depth, link.backfill_cursor))
    if link.mode.takes:
        store.set_remote_cursor(tx, link.link_id, "")
    store.retry_now(tx, link)
    return m.GotLink(link=_shown(tx, store.get(tx, call.link)))


def log(tx: Tx, call: m.LogCall) -> m.FoundLog:
    link = store.get(tx, call.link)
    limit = MAX_LOG if call.limit is None else max(1, min(call.limit, MAX_LOG))
    return m.FoundLog(entries=store.log(tx, link.link_id, call.after or 0, limit))


def remove(tx: Tx, call: m.RemoveLink) -> m.GotLink:
    """End a link.  `copies=keep`, the default, leaves both sides unchanged; `remove` deletes the copies that this link
    created."""
    link = store.get(tx, call.link)
    copies = call.copies or "keep"
    if copies not in ("keep", "remove"):
        raise Invalid(f"copies is {copies!r}; it must be keep or remove")
    shown = _shown(tx, link)
    if copies == "remove":
        return m.GotLink(link=_shown(tx, store.set_state(tx, call.link, State.REMOVING)))
    store.remove(tx, link)
    return m.GotLink(link=shown)


def get_relations(tx: Tx, call: run_relations.OfRun) -> run_relations.Relations:
    """Return a run's ancestors, the number of its children, and its copies on the remotes of links."""
    return run_relations.get(tx, call)


def routes(
    db: Database,
    roots: Roots,
    threads: StoreThreads,
    callers: KeyedPool,
    server_root: str,
    sealer: Sealer,
    cancel_token: CancelToken,
    most_links: int,
    guard: Guard,
    body_files: BodyFiles,
) -> list[Route]:
    """`cancel_token`: is cancelled when callers no longer wait for remotes.  `most_links`: of all workspaces.  `guard`: which
    remotes may be called."""
    calls = Calls(db, roots, callers, server_root, sealer, cancel_token, most_links, guard)
    return [
        query(
            "GET /api/trackside/v1/runs/{run_id}/relations",
            run_relations.OfRun,
            get_relations,
            needs=Action.RUNS_READ,
            on=by("run", "run_id"),
            answer=run_relations.Relations,
        ),
        stream(f"POST {PATH}", calls.add, call=m.AddLink, needs=Action.LINKS_WRITE, status=201, answer=m.GotLink),
        query(f"GET {PATH}", codec.Call, listed, needs=Action.LINKS_READ, answer=m.Listed),
        query(f"GET {PATH}/{{name}}", m.OfLink, get, needs=Action.LINKS_READ, answer=m.GotLink),
        query(f"GET {PATH}/{{name}}/log", m.LogCall, log, needs=Action.LINKS_READ, answer=m.FoundLog),
        command(f"POST {PATH}/{{name}}/pause", m.OfLink, pause, needs=Action.LINKS_WRITE, answer=m.GotLink),
        command(f"POST {PATH}/{{name}}/resume", m.ResumeLink, resume, needs=Action.LINKS_WRITE, answer=m.GotLink),
        command(f"POST {PATH}/{{name}}/sync", m.SyncCall, sync, needs=Action.LINKS_WRITE, answer=m.GotLink),
        stream(
            f"GET {PATH}/{{name}}/check",
            calls.compare,
            needs=Action.LINKS_READ,
            arguments=m.CheckCall,
            answer=check.Page,
        ),
        command(f"DELETE {PATH}/{{name}}", m.RemoveLink, remove, needs=Action.LINKS_DELETE, answer=m.GotLink),
        *items.routes(db, roots, threads, server_root, body_files),
        *digests.ROUTES,
        *bulk.routes(),
        *bundles.routes(roots, threads),
    ]


def _check_rights(rights: Rights, actions: Iterable[Action]) -> None:
    """Raise Denied unless the caller may do everything that the link does in their name."""
    missing = rights.missing(actions)
    if missing:
        raise Denied(
            f"Permission denied: a link acts with your rights, and you do not have {missing[0]} in the whole workspace."
        )


def _shown(tx: Tx, link: Link) -> m.Shown:
    held = m.HeldDeletions(held_deletions.count(tx, link.link_id), held_deletions.listed(tx, link.link_id, MOST_HELD))
    return m.shown(link, work_queue.lag(tx, link), item_store.mirrored(tx, link.link_id), held)


def _reachable(work: Callable[[], T]) -> T:
    """Translate an error of the remote for the caller."""
    try:
        return work()
    except NotCalled as closed:
        raise Invalid(str(closed)) from None
    except RemoteUnavailable as down:
        raise Unavailable(str(down)) from None
    except Cancelled:
        raise Unavailable("The server is stopping") from None
    except RequestRejected as refused:
        raise Invalid(f"The remote refused: {refused}") from None


def _check_registry(registry: DatabricksRegistry) -> None:
    try:
        registry.check()
    except RequestRejected as refused:
        raise Invalid(f"{refused}. Add the link without registry to replicate runs and logged models only") from None
    except RemoteUnavailable:
        pass  # then the remote's first answer shows it


def _is_true(text: str) -> bool:
    if text not in ("", "false", "true"):
        raise Invalid(f"verify is {text[:100]!r}; it must be true or false")
    return text == "true"
