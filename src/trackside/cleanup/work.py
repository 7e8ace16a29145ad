"""Carries out permanent deletions in portions.

A portion ends with a transaction, and the next call continues after it.  Files are deleted before rows: after a crash the rows
still refer to the remaining files, and a repeated call completes the deletion.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from trackside.artifacts import store as artifacts
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store import Root
from trackside.artifacts.store_threads import StoreThreads
from trackside.cleanup import rows, sizes, survey, trace_files, whole
from trackside.cleanup.model import DeletionResult, Found, Kind, Target, obstacles
from trackside.cleanup.sizes import Size
from trackside.core.db.session import Session
from trackside.core.db.tx import Change, Tx
from trackside.core.errors import BadState, Denied, Invalid, NotFound, Unsupported
from trackside.core.work import backup_lease
from trackside.endpoints import store as endpoints
from trackside.endpoints.model import Endpoint
from trackside.endpoints.request_log import files as request_files
from trackside.endpoints.request_log.recorder import Recorder
from trackside.experiments import store as experiments
from trackside.experiments.model import check_id
from trackside.identity.service import record
from trackside.logged_models import store as logged_models
from trackside.metrics import removal
from trackside.metrics.series import POINT_BYTES
from trackside.registry.files import removal as files
from trackside.registry.files.removal import Deletion
from trackside.registry.own_routes import Files
from trackside.runs import lineage
from trackside.runs import store as runs
from trackside.traces.storage import trash
from trackside.traces.storage.body_files import BodyFiles
from trackside.traces.storage.trash import Purged
from trackside.workspaces.model import Workspace

# Runs or logged models of an experiment in one portion of a call, which must be answered soon even with a slow bucket.
ITEMS_AT_ONCE = 20
ITEMS_OF_JOB = 200  # the same for a job, for which no client waits: larger portions need fewer transactions


@dataclass(frozen=True)
class Work:
    roots: Roots
    threads: StoreThreads
    registry: Files
    recorder: Recorder
    body_files: BodyFiles

    async def requests(self, session: Session, target: Target) -> Size:
        """Return the files of a day of an endpoint's request log on this server."""
        endpoint = await session.read(lambda tx: endpoints.get(tx, target.name))
        await asyncio.to_thread(self.recorder.flush)
        found = request_files.place(self.recorder.folder, endpoint.endpoint_seq).of_day(target.day)
        return Size(len(found), sum(each.size_bytes for each in found))

    async def _requests(self, session: Session, target: Target) -> DeletionResult:
        def check(tx: Tx) -> Endpoint:
            check_free(survey.find(tx, target))
            return endpoints.get(tx, target.name)

        endpoint = await session.read(check)
        await asyncio.to_thread(self.recorder.flush)
        place = request_files.place(self.recorder.folder, endpoint.endpoint_seq)
        files, size = await asyncio.to_thread(place.delete_day, target.day)

        def note(tx: Tx) -> None:
            record(tx, "deletion.done", target.kind, _id(target), day=target.day, files=files, file_bytes=size)

        await session.write(note)
        return _result(target, rows.Record(0, files, size, 0, 0), is_done=True)

    async def measure(self, request: Session, found: Found, path: str = "") -> tuple[Size, list[str]]:
        """Return the number and size of files, and messages about files that are not accessible."""
        workspace_root = await request.read(_workspace_root)
        groups, others = ({}, list(found.roots)) if path else await asyncio.to_thread(sizes.grouped, found.roots)
        total, kept = Size(), []
        for folder, ids in groups.items():
            size = await self._measure_group(request, workspace_root, folder, ids)
            if size is None:
                others += [sizes.root(folder, object_id) for object_id in ids]
            else:
                total += size
        for uri in others:
            spot = self._opened(request, workspace_root, uri, path)
            if isinstance(spot, str):
                kept.append(spot)
            else:
                total += await self.threads.of(spot).run_long(sizes.of_one, spot)
        return total, kept

    async def _measure_group(
        self, request: Session, workspace_root: str | None, folder: str, ids: Sequence[str]
    ) -> Size | None:
        """Return the size of a group; None if its roots must be measured individually."""
        above = self._opened(request, workspace_root, folder)
        one = self._opened(request, workspace_root, sizes.root(folder, ids[0]))
        if isinstance(above, str) or isinstance(one, str) or not sizes.is_above(above, one, ids[0]):
            return None
        return await self.threads.of(above).run_long(sizes.of_group, above, ids)

    async def listed(self, session: Session, uri: str) -> list[str]:
        """Return the paths of the files below a root."""
        spot = await self._spot(session, uri, "")
        if isinstance(spot, str):
            return []
        return await self.threads.of(spot).run_long(lambda: [entry.path for entry in spot.blobs.walk(spot.key)])

    async def portion(self, request: Session, target: Target, at_once: int = ITEMS_AT_ONCE) -> DeletionResult:
        """Carry out the next part of a deletion, or all of a small one: of an experiment, at most `at_once` runs."""
        match target.kind:
            case Kind.MODEL | Kind.VERSION:
                return await self._registered(request, target)
            case Kind.METRIC | Kind.STEPS | Kind.PARAM | Kind.TAG | Kind.INPUT:
                return await request.write(lambda tx: _values(tx, target))
        if target.kind is Kind.CAPTURE:
            return await self._requests(request, target)
        if target.kind in whole.KINDS and target.kind is not Kind.TRACE:
            return await request.write(lambda tx: _whole(tx, target))
        await request.write(lambda tx: _begin(tx, target))
        pending: list[str] = []
        is_done = True
        match target.kind:
            case Kind.ARTIFACT:
                await self._artifact(request, target, pending)
            case Kind.RUN:
                await self._runs(request, target, [target.run_id], pending)
            case Kind.LOGGED_MODEL:
                await self._logged_model(request, target, target.model_id, pending)
            case Kind.TRACE:
                await self._trace(request, target, pending)
            case _:
                is_done = await self._experiment(request, target, pending, at_once)
        freed = await request.write(lambda tx: _finish(tx, target) if is_done else rows.begun(tx, target))
        return _result(target, freed, is_done=is_done, pending=pending)

    async def _experiment(self, request: Session, target: Target, pending: list[str], at_once: int) -> bool:
        experiment_id = target.experiment_id
        run_ids = await request.read(lambda tx: survey.some_runs(tx, experiment_id, at_once))
        await self._runs(request, target, run_ids, pending)
        if len(run_ids) == at_once:
            return False
        models = await request.read(lambda tx: survey.some_models(tx, experiment_id, at_once))
        for model_id, _ in models:
            await self._logged_model(request, target, model_id, pending)
        if len(models) == at_once:
            return False
        location = await request.read(lambda tx: location_of(tx, experiment_id))
        purged = await request.write(lambda tx: _traces(tx, target))
        while purged.traces:
            freed, kept = await asyncio.to_thread(self.remove_files, request.workspace, location, purged)
            pending += [each for each in kept if each not in pending]
            await request.write(partial(_count, target=target, freed=freed))
            purged = await request.write(lambda tx: _traces(tx, target))
        count = await request.write(lambda tx: rows.remove_experiment(tx, experiment_id))
        await request.write(lambda tx: rows.add(tx, target, rows=count))
        return count > 0

    async def _runs(self, request: Session, target: Target, run_ids: list[str], pending: list[str]) -> None:
        """Delete runs: the files of each run, then the rows of all.  Each run with files takes a transaction that records the
        freed bytes, so that a crash loses the count of one run at most; the other transactions serve all runs together."""
        found = await request.read(lambda tx: survey.run_roots(tx, run_ids))
        if not found:  # an earlier portion deleted the runs
            return

        await request.write(lambda tx: files.note(tx, list(found.values())))
        await self._free(request, target, list(found.values()), pending)
        while await request.write(lambda tx: _chunks(tx, target, list(found))):
            pass
        await request.write(lambda tx: _last_of_runs(tx, target, found))

    async def _logged_model(self, request: Session, target: Target, model_id: str, pending: list[str]) -> None:
        uri = await request.read(lambda tx: _root_of_model(tx, model_id))
        if uri is None:
            return
        await request.write(lambda tx: files.note(tx, [uri]))
        await self._free(request, target, [uri], pending)

        def last(tx: Tx) -> None:
            rows.add(tx, target, rows=rows.remove_model(tx, model_id))
            files.forget_places(tx, [uri])

        await request.write(last)

    async def _trace(self, request: Session, target: Target, pending: list[str]) -> None:
        found = await request.read(lambda tx: trash.find(tx, target.trace_id))
        if found is None:
            return
        await self._free(request, target, [found.artifact_uri], pending)
        purged = await request.write(lambda tx: _one_trace(tx, target))
        pending += await asyncio.to_thread(self.body_files.remove, request.workspace, purged.uris)

    def remove_files(self, workspace: Workspace, location: str, purged: Purged) -> tuple[files.Freed, list[str]]:
        """Delete the files of traces whose rows are deleted."""
        return trace_files.remove(self.body_files, self.roots, workspace, location, purged)

    async def _artifact(self, request: Session, target: Target, pending: list[str]) -> None:
        root = await request.read(lambda tx: artifacts.root_of_run(tx, target.run_id))
        await request.write(lambda tx: artifacts.begin_removal(tx, "run", target.run_id, target.path))
        await self._free(request, target, [root.uri], pending, target.path)
        if not pending:
            await request.write(lambda tx: artifacts.record_removal(tx, "run", target.run_id, target.path))

    async def _free(
        self, request: Session, target: Target, uris: Sequence[str], pending: list[str], path: str = ""
    ) -> None:
        """Remove the files at some locations.  The freed files of a location are recorded before the next location is emptied."""
        workspace_root = await request.read(_workspace_root)
        opened = [self._opened(request, workspace_root, uri, path) for uri in uris]
        pending += [each for each in opened if isinstance(each, str)]
        spots = [each for each in opened if isinstance(each, Spot)]
        while spots:
            await request.read(backup_lease.check_none)
            alike = list(takewhile(lambda each, store_name=spots[0].store_name: each.store_name == store_name, spots))  # type: ignore[misc]  # mypy does not infer a lambda's default
            done, freed = await self.threads.of(spots[0]).run_long(files.free_next, alike)
            if freed.files:
                await request.write(partial(_count, target=target, freed=freed))
            spots = spots[done:]

    async def _registered(self, request: Session, target: Target) -> DeletionResult:
        """Delete a version by the rules of the registry, which also deletes its files."""

        def work(tx: Tx) -> files.Plan:
            check_free(survey.find(tx, target))
            if target.kind is Kind.MODEL:
                plan = files.delete_model(tx, target.name, with_files=True, shared_too=False)
            else:
                plan = files.delete_version(tx, target.name, target.version, with_files=True, shared_too=False)
            record(tx, "deletion.done", target.kind, _id(target), versions=plan.deleted_versions)
            return plan

        done: Deletion = await self.registry.carry_out(request, work)
        return DeletionResult(
            kind=target.kind,
            title=target.title,
            is_done=True,
            file_count=done.deleted_files,
            file_bytes=done.freed_bytes,
            row_count=len(done.deleted_versions),
            row_bytes=0,
            pending=[*(f"{each.uri}: {each.reason}" for each in done.kept), *done.pending],
        )

    async def _spot(self, request: Session, uri: str, path: str) -> Spot | str:
        """Return the location of files, or the reason why the server does not open it."""
        return self._opened(request, await request.read(_workspace_root), uri, path)

    def _opened(self, request: Session, workspace_root: str | None, uri: str, path: str = "") -> Spot | str:
        try:
            return self.roots.of(Root(uri, workspace_root), path, request.workspace)
        except (Denied, Invalid, NotFound, Unsupported) as fault:
            return f"{uri}: {fault.message}"


def check_free(found: Found) -> None:
    """Raise BadState if the deletion has obstacles."""
    blocks = obstacles(found)
    if blocks:
        raise BadState(" ".join(each.message for each in blocks))


def _begin(tx: Tx, target: Target) -> None:
    """Mark the target as being deleted, so that it accepts no further data.  Later portions find the mark and change nothing."""
    if rows.begun(tx, target) is not None:
        return
    check_free(survey.find(tx, target))
    rows.begin(tx, target)
    match target.kind:
        case Kind.RUN:
            runs.delete(tx, target.run_id)
        case Kind.LOGGED_MODEL:
            logged_models.delete(tx, target.model_id)
        case Kind.EXPERIMENT:
            if experiments.get(tx, target.experiment_id).lifecycle_stage == "active":
                experiments.delete(tx, target.experiment_id)
    record(tx, "deletion.begin", target.kind, _id(target))


def _finish(tx: Tx, target: Target) -> rows.Record | None:
    found = rows.finish(tx, target)
    if found is not None:
        record(tx, "deletion.done", target.kind, _id(target), files=found.file_count, file_bytes=found.file_bytes,
               rows=found.row_count, row_bytes=found.row_bytes)  # fmt: skip
    return found


def _values(tx: Tx, target: Target) -> DeletionResult:
    """Delete a metric, steps of a metric, a param, a tag or a dataset input in one transaction."""
    check_free(survey.find(tx, target))
    if target.kind is Kind.INPUT:
        count, size = lineage.remove_input(tx, target.run_id, target.name, target.digest), 0
    elif target.kind in (Kind.PARAM, Kind.TAG):
        table = "params" if target.kind is Kind.PARAM else "tags"
        count, size = rows.remove_value(tx, table, target.run_id, target.key)
    else:
        seq = runs.seq_of(tx, target.run_id)
        tx.one("SELECT 1 FROM runs WHERE workspace_id = :ws AND run_seq = :run FOR UPDATE", run=seq)
        count = removal.remove(tx, seq, target.key, target.from_step, target.to_step)
        size = count * POINT_BYTES
        runs.changed(tx, target.run_id, seq, "delete-metric")
    record(tx, "deletion.done", target.kind, _id(target), key=target.key or target.name, from_step=target.from_step,
           to_step=target.to_step, rows=count, row_bytes=size)  # fmt: skip
    return _result(target, rows.Record(0, 0, 0, count, size), is_done=True)


def _whole(tx: Tx, target: Target) -> DeletionResult:
    found = survey.find(tx, target)
    check_free(found)
    pending = whole.KINDS[target.kind].remove(tx, target)
    if pending is not None:
        record(tx, "deletion.begin", target.kind, _id(target))
        return _result(target, None, is_done=True, pending=[pending])
    count = sum(found.counts.values())
    record(tx, "deletion.done", target.kind, _id(target), rows=count, row_bytes=found.row_bytes)
    return _result(target, rows.Record(0, 0, 0, count, found.row_bytes), is_done=True)


def _chunks(tx: Tx, target: Target, run_ids: list[str]) -> bool:
    count, size = rows.remove_chunks(tx, run_ids)
    rows.add(tx, target, rows=count, row_bytes=size)
    return count == rows.CHUNKS_AT_ONCE


def _traces(tx: Tx, target: Target) -> Purged:
    return _counted(tx, target, rows.remove_traces(tx, target.experiment_id))


def _one_trace(tx: Tx, target: Target) -> Purged:
    """Delete the rows of a trace, and of traces in the trash with the same id."""
    found = trash.find(tx, target.trace_id)
    if found is None:
        return Purged()
    tx.record(Change("traces", found.experiment_id, "delete"))
    return _counted(tx, target, trash.purge(tx, trash.seqs_of(tx, target.trace_id)))


def _counted(tx: Tx, target: Target, purged: Purged) -> Purged:
    rows.add(
        tx,
        target,
        files=purged.files,
        file_bytes=purged.file_bytes,
        rows=purged.traces,
        row_bytes=purged.row_bytes,
    )
    return purged


def _last_of_runs(tx: Tx, target: Target, roots: Mapping[str, str]) -> None:
    count, size = rows.remove_runs(tx, list(roots))
    rows.add(tx, target, rows=count, row_bytes=size)
    files.forget_places(tx, list(roots.values()))


def _count(tx: Tx, target: Target, freed: files.Freed) -> None:
    rows.add(tx, target, files=freed.files, file_bytes=freed.size_bytes)


def _root_of_model(tx: Tx, model_id: str) -> str | None:
    row = tx.one("SELECT artifact_uri FROM logged_models WHERE workspace_id = :ws AND model_id = :id", id=model_id)
    return None if row is None else row[0]


def location_of(tx: Tx, experiment_id: str) -> str:
    """Return the artifact location of an experiment; empty if it was deleted."""
    row = tx.one(
        "SELECT artifact_location FROM experiments WHERE workspace_id = :ws AND experiment_id = :id",
        id=check_id(experiment_id),
    )
    return "" if row is None else str(row[0])


def _workspace_root(tx: Tx) -> str | None:
    row = tx.one("SELECT default_artifact_root FROM workspaces WHERE workspace_id = :ws")
    return None if row is None else row[0]


def _result(target: Target, freed: rows.Record | None, *, is_done: bool, pending: Iterable[str] = ()) -> DeletionResult:
    """Return the result.  `freed` is None if another call completed and reported the deletion, or if nothing is freed yet."""
    counted = freed or rows.Record(0, 0, 0, 0, 0)
    return DeletionResult(
        kind=target.kind,
        title=target.title,
        is_done=is_done,
        file_count=counted.file_count,
        file_bytes=counted.file_bytes,
        row_count=counted.row_count,
        row_bytes=counted.row_bytes,
        pending=list(pending),
    )


def _id(target: Target) -> str:
    return (
        target.run_id
        or target.experiment_id
        or target.model_id
        or "/".join(filter(None, (target.dataset_id, target.record_id)))
        or target.job_id
        or (str(target.token_id) if target.token_id else "")
        or target.webhook_id
        or target.view_id
        or target.trace_id
        or "/".join(filter(None, (target.name, target.version, target.alias, target.deployment)))
    )
