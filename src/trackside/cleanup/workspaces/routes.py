"""Calls that delete workspaces with their contents."""

from dataclasses import dataclass

from msgspec import UNSET

from trackside.artifacts import keys
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store_threads import StoreThreads
from trackside.cleanup.workspaces import model as m
from trackside.cleanup.workspaces import store
from trackside.cleanup.workspaces.model import Inside, Target
from trackside.cleanup.workspaces.work import EndWorkspaces
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Conflict, Denied, NotFound
from trackside.core.http.admission import REFUSED
from trackside.core.http.calls import check_content_type
from trackside.core.http.codec import decode_body, encode
from trackside.core.http.routes import HANDLED, Route, command, query, stream
from trackside.core.http.streams import Request, Response
from trackside.identity.service import record
from trackside.jobs import queue
from trackside.jobs import store as jobs
from trackside.jobs.kinds import Kind
from trackside.jobs.model import shown_cause
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace, not_found
from trackside.workspaces.routes import Tenants
from trackside.workspaces.service import Directory

PATH = "/api/trackside/v1/workspace-deletions"
MAX_BODY_BYTES = 1 << 16


@dataclass(frozen=True)
class Calls:
    directory: Directory
    tenants: Tenants
    kind: Kind[EndWorkspaces]
    roots: Roots
    threads: StoreThreads

    async def preview(self, request: Request) -> Response:
        """Return what the deletion of a workspace, or of a resource group, would remove.  Changes nothing."""
        check_content_type(request.headers.get(b"content-type"))
        target = m.target_of(decode_body(m.Named, await request.whole_body(MAX_BODY_BYTES)))
        found = await request.read(lambda tx: inside(tx, target))
        files, size = 0, 0
        for each in found:
            if each.workspace.folder:
                spot = Spot(self.roots.store, keys.join(keys.WORKSPACES, each.workspace.folder))
                sizes = await self.threads.of(spot).run_long(_sizes, spot)
                files, size = files + len(sizes), size + sum(sizes)
        counts = m.added([{"workspaces": len(found)}, *(each.counts for each in found), {"files": files}])
        return Response(
            headers=[(b"content-type", b"application/json")],
            body=encode(
                m.WorkspacesPreview(
                    title=target.title,
                    token=m.token_of(target, found),
                    workspaces=[each.workspace.name for each in found],
                    counts=counts,
                    file_bytes=size,
                    confirm=target.confirm,
                    obstacles=[one for each in found for one in each.obstacles],
                    kept=kept(found),
                )
            ),
        )

    def delete(self, tx: Tx, call: m.Delete) -> m.WorkspacesDeletion:
        """Delete a workspace, or all workspaces of a resource group, with their contents.  The workspaces disappear immediately,
        their names become free, and their links end; the other sides of links keep their data.  A job removes rows and files."""
        target = m.target_of(call)
        found = inside(tx, target)
        m.check_confirm(target, call.confirm)
        blocks = [one for each in found for one in each.obstacles]
        if blocks:
            raise BadState(" ".join(each.message for each in blocks))
        if call.token and call.token != m.token_of(target, found):
            raise Conflict(f"The preview of {target.title} is out of date. Ask for a new one, then delete.").because(
                "preview-outdated"
            )
        ended = [each.workspace for each in found]
        job = queue.submit(
            tx.within(workspaces.DEFAULT_WORKSPACE_ID),
            self.kind,
            EndWorkspaces([each.workspace_id for each in ended], [each.name for each in ended]),
        )
        for each in found:
            workspace = each.workspace
            there = tx.within(workspace.workspace_id)
            self.tenants.close(there)
            workspaces.keep_roots(tx, workspace)
            self.tenants.forget(there, workspace.name)
            workspaces.end(tx, workspace)
            store.begin(tx, workspace, job.job_id)
            record(tx, "workspace.delete", "workspace", workspace.name, links=each.links, counts=each.counts)
        self.directory.forget()
        return shown(tx, job.job_id)


def get(tx: Tx, call: m.OfDeletion) -> m.WorkspacesDeletion:
    """Return the progress of a deletion of workspaces."""
    found = store.of_job(tx, call.job_id or "")
    for each in found:
        rights = tx.caller.rights_in(each.subscription_id, each.resource_group)
        is_own = each.principal_id is not None and tx.caller.principal_id == each.principal_id
        if Action.WORKSPACES_DELETE not in rights.everywhere and not is_own:
            raise NotFound(f"No deletion of workspaces has the job {(call.job_id or '')[:100]!r}")
    return shown(tx, call.job_id or "")


def shown(tx: Tx, job_id: str) -> m.WorkspacesDeletion:
    found = store.of_job(tx, job_id)
    job = jobs.find(tx.within(workspaces.DEFAULT_WORKSPACE_ID), job_id)
    is_done = all(each.finished_at is not None for each in found)
    return m.WorkspacesDeletion(
        job_id=job_id,
        state=str(job.state) if job is not None else "succeeded" if is_done else "lost",
        reason="" if job is None else job.reason,
        cause=UNSET if job is None else shown_cause(job),
        workspaces=[
            m.EndedWorkspace(
                name=each.name,
                file_count=each.file_count,
                file_bytes=each.file_bytes,
                row_count=each.row_count,
                finished_at=UNSET if each.finished_at is None else each.finished_at,
            )
            for each in found
        ],
    )


def inside(tx: Tx, target: Target) -> list[Inside]:
    """Return the content of the target by workspace.  Raise NotFound if the caller can see none of the workspaces, Denied if the
    caller may not delete all of them."""
    found = _workspaces(tx, target)
    for workspace in found:
        if Action.WORKSPACES_DELETE not in tx.caller.rights(workspace).everywhere:
            raise Denied(REFUSED)
    return [_inside(tx.within(workspace.workspace_id), workspace) for workspace in found]


def kept(found: list[Inside]) -> list[str]:
    links = [f"{name} of {each.workspace.name}" for each in found for name in each.links]
    words = [f"the link {name} ends; the remote keeps its items" for name in links]
    return words + [
        f"other files at {each.workspace.default_artifact_root} stay"
        for each in found
        if each.workspace.default_artifact_root
    ]


def routes(calls: Calls) -> list[Route]:
    needs = Action.WORKSPACES_DELETE
    return [
        stream(
            f"POST {PATH}/preview",
            calls.preview,
            call=m.Named,
            needs=needs,
            on=HANDLED,
            has_workspace=False,
            answer=m.WorkspacesPreview,
        ),
        command(
            f"POST {PATH}",
            m.Delete,
            calls.delete,
            needs=needs,
            on=HANDLED,
            has_workspace=False,
            answer=m.WorkspacesDeletion,
        ),
        query(
            f"GET {PATH}/{{job_id}}",
            m.OfDeletion,
            get,
            needs=Action.WORKSPACES_READ,
            on=HANDLED,
            has_workspace=False,
            answer=m.WorkspacesDeletion,
        ),
    ]


def _sizes(spot: Spot) -> list[int]:
    return [entry.size_bytes for entry in spot.blobs.walk(spot.key)]


def _workspaces(tx: Tx, target: Target) -> list[Workspace]:
    if target.name:
        found = workspaces.find(tx, target.name)
        if found is None or not tx.caller.rights(found).is_any:
            raise not_found(target.name)
        return [found]
    visible = [
        each
        for each in workspaces.all_of(tx, target.subscription_id, target.resource_group)
        if tx.caller.rights(each).is_any
    ]
    if not visible:
        raise NotFound(f"Resource group '{target.resource_group[:100]}' has no workspaces")
    return visible


def _inside(tx: Tx, workspace: Workspace) -> Inside:
    counts = store.counts(tx)
    return Inside(
        workspace=workspace,
        counts=counts,
        obstacles=m.obstacles(
            workspace.name,
            holds=store.held(tx),
            uses=store.uses(tx),
            protected=store.protected(tx),
            running=store.running(tx),
        ),
        links=store.links(tx),
    )
