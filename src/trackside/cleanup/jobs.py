"""Deletions as jobs: one target, old items of the trash, and the matches of a retention rule."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from trackside.cleanup import preview, retention, survey, trace_retention, trash
from trackside.cleanup.kinds import Delete, EmptyTrash, Retention, TraceRetention
from trackside.cleanup.model import DeletionResult, Kind, Target
from trackside.cleanup.work import ITEMS_OF_JOB, Work, check_free, location_of
from trackside.core.counts import counted
from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Conflict, Invalid, NotFound, Unavailable
from trackside.jobs.running import Running
from trackside.runs import store as runs
from trackside.traces.storage import changes as traces
from trackside.traces.storage import trash as trace_trash
from trackside.traces.storage.trash import Purged
from trackside.workspaces import store as workspaces

T = TypeVar("T")
AT_ONCE = 200


class Freed(Struct, frozen=True):
    """The result of a job.  `kept` lists at most 50 items that were not deleted, with the reasons."""

    items: int
    file_count: int
    file_bytes: int
    row_bytes: int
    kept: list[str] = []


class _Session:
    """A job's store, for steps that await."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self.workspace: Any = running.store.read(workspaces.current)

    async def read(self, fn: Callable[[Any], T]) -> T:
        return self._running.store.read(fn)

    async def write(self, fn: Callable[[Any], T]) -> T:
        return self._running.store.write(fn)


class _Sum:
    """The data that a job has freed so far."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self.items = self.file_count = self.file_bytes = self.row_bytes = 0
        self.kept: list[str] = []

    def add(self, done: DeletionResult) -> None:
        self.items += 1
        self.file_count += done.file_count
        self.file_bytes += done.file_bytes
        self.row_bytes += done.row_bytes
        self.kept += done.pending

    def keep(self, title: str, why: str) -> None:
        self.kept.append(f"{title}: {why}")
        self._running.log(f"{title} stays. {why}")

    def result(self) -> Freed:
        return Freed(self.items, self.file_count, self.file_bytes, self.row_bytes, self.kept[:50])


class Deletions:
    """The work of the jobs in `kinds`."""

    def __init__(self, work: Work, allowed: Callable[[Tx, Target], None]) -> None:
        """`allowed` raises Denied unless the caller of the transaction may delete the target."""
        self._work = work
        self._allowed = allowed

    def check_delete(self, tx: Tx, params: Delete) -> Delete:
        target = _target(params)
        self._allowed(tx, target)
        check_free(survey.find(tx, target))
        return params

    def delete(self, running: Running, params: Delete) -> Freed:
        target = _target(params)

        async def work(session: _Session) -> DeletionResult:
            found = await preview.preview(self._work, session, target)
            if params.token and params.token != found.token:
                raise Conflict(
                    f"The preview of {target.title} is out of date. Ask for a new one, then delete."
                ).because("preview-outdated")
            if found.confirm is not None and params.confirm != found.confirm:
                raise Invalid(f"confirm is {params.confirm[:200]!r}; it must be {found.confirm!r}, since this is large")
            return await self._whole(running, session, target)

        freed = _Sum(running)
        try:
            freed.add(_run(running, work))
        except NotFound:
            if running.job.attempt <= 1:
                raise
            running.log("An earlier attempt of the job has deleted it.")
        return freed.result()

    def empty_trash(self, running: Running, params: EmptyTrash) -> Freed:
        """Permanently delete items that were moved to the trash at least this many days ago."""
        freed = _Sum(running)

        async def work(session: _Session) -> None:
            if params.kind in ("", Kind.TRACE):
                await self._purge_traces(running, session, freed, params)
            call = trash.FindTrash(params.kind, params.older_than_days, AT_ONCE)
            while params.kind != Kind.TRACE:
                page = await session.read(partial(trash.find, call=call))
                for item in page.items:
                    if item.kind == Kind.TRACE:  # a run that is kept, because its experiment is on hold
                        continue
                    await self._try(running, session, freed, trash.target_of_item(item))
                if page.next_page_token is None:
                    return
                call = trash.FindTrash(params.kind, params.older_than_days, AT_ONCE, page.next_page_token)

        _run(running, work)
        return freed.result()

    def retain(self, running: Running, params: Retention) -> Freed:
        freed = _Sum(running)

        async def work(session: _Session) -> None:
            found = await session.read(lambda tx: retention.find(tx, params))
            retention.check_share(params, found)
            running.progress(0, len(found.run_ids), unit="runs")
            for number, run_id in enumerate(found.run_ids, 1):
                if params.artifacts:
                    for path in await self._paths(session, run_id, params.artifacts):
                        await self._try(running, session, freed, Target(kind=Kind.ARTIFACT, run_id=run_id, path=path))
                elif params.permanently:
                    await self._try(running, session, freed, Target(kind=Kind.RUN, run_id=run_id))
                else:
                    await self._to_trash(session, freed, run_id)
                running.progress(number)
                running.check()

        _run(running, work)
        return freed.result()

    def retain_traces(self, running: Running, params: TraceRetention) -> Freed:
        freed = _Sum(running)
        found = running.store.read(lambda tx: trace_retention.find(tx, params))
        trace_retention.check_share(params, found)
        done = 0
        running.progress(0, found.traces, unit="traces")
        for due in found.experiments:
            count = 0
            try:
                count = self._purge(
                    running, freed, due.experiment_id, partial(trace_retention.remove_some, due=due), done
                )
            except (BadState, Unavailable) as fault:
                freed.keep(f"{counted(due.traces - count, 'traces')} of experiment {due.name}", fault.message)
            done += count
        return freed.result()

    async def _purge_traces(self, running: Running, session: _Session, freed: _Sum, params: EmptyTrash) -> None:
        """Permanently delete traces that were moved to the trash at least this many days ago."""
        latest = running.store.read(lambda tx: tx.now) - params.older_than_days * trash.DAY_MS
        for experiment_id, seq in (await session.read(lambda tx: trace_trash.due(tx, latest))).items():

            def some(tx: Tx, experiment_id: str = experiment_id, seq: int = seq) -> Purged:
                traces.check_not_held(tx, experiment_id)
                return trace_trash.purge_due(tx, seq, latest, trace_retention.AT_ONCE)

            try:
                self._purge(running, freed, experiment_id, some)
            except (BadState, Unavailable) as fault:
                freed.keep(f"traces of experiment {experiment_id}", fault.message)

    def _purge(
        self, running: Running, freed: _Sum, experiment_id: str, some: Callable[[Tx], Purged], before: int = 0
    ) -> int:
        """Delete traces in portions: the rows of a portion, then its files.  Return the number of traces.

        Raise BadState if some traces must be kept, Unavailable during a backup.
        """
        workspace = running.store.read(workspaces.current)
        location = running.store.read(lambda tx: location_of(tx, experiment_id))
        total = Purged()
        try:
            while True:
                purged = running.store.write(some)
                files, kept = self._work.remove_files(workspace, location, purged)
                freed.kept += [each for each in kept if each not in freed.kept]
                total = total.plus(
                    purged._replace(files=purged.files + files.files, file_bytes=purged.file_bytes + files.size_bytes)
                )
                running.progress(before + total.traces)
                if purged.traces < trace_retention.AT_ONCE:
                    return total.traces
                running.check()
        finally:
            freed.items += total.traces
            freed.row_bytes += total.row_bytes
            freed.file_count += total.files
            freed.file_bytes += total.file_bytes
            if total.traces:
                running.store.write(partial(trace_retention.note, experiment_id=experiment_id, purged=total))

    async def _paths(self, session: _Session, run_id: str, glob: str) -> list[str]:
        try:
            return await preview.paths(self._work, session, run_id, glob)
        except NotFound:
            return []  # the run was deleted since it was found

    async def _to_trash(self, session: _Session, freed: _Sum, run_id: str) -> None:
        target = Target(kind=Kind.RUN, run_id=run_id)

        def move(tx: Tx) -> None:
            check_free(survey.find(tx, target))
            runs.delete(tx, run_id)

        try:
            await session.write(move)
            freed.items += 1
        except NotFound:
            pass  # deleted since it was found
        except BadState as fault:
            freed.keep(target.title, fault.message)

    async def _try(self, running: Running, session: _Session, freed: _Sum, target: Target) -> None:
        """Delete a target, or record the obstacles to its deletion.  A target that another call has deleted is no obstacle."""
        try:
            freed.add(await self._whole(running, session, target))
        except NotFound:
            pass
        except BadState as fault:
            freed.keep(target.title, fault.message)

    async def _whole(self, running: Running, session: _Session, target: Target) -> DeletionResult:
        pending: list[str] = []
        while True:
            done = await self._work.portion(session, target, ITEMS_OF_JOB)
            pending += done.pending
            if done.is_done:
                return replace(done, pending=pending)
            running.progress(done.file_count, unit="files")
            running.check()


def _run(running: Running, work: Callable[[_Session], Coroutine[Any, Any, T]]) -> T:
    return asyncio.run(work(_Session(running)))


def _target(params: Delete) -> Target:
    return preview.target(params)


def check_trash(_tx: Tx, params: EmptyTrash) -> EmptyTrash:
    if params.kind and params.kind not in trash.KINDS:
        raise Invalid(f"kind is {params.kind[:50]!r}; it must be {', '.join(trash.KINDS)}")
    if not 0 <= params.older_than_days <= trash.MAX_DAYS:
        raise Invalid(f"older_than_days is {params.older_than_days}; it must be between 0 and {trash.MAX_DAYS}")
    return params
