"""The preview of a deletion, for calls and jobs: the freed rows and files."""

from fnmatch import fnmatchcase
from typing import Any

from trackside.artifacts import store as artifacts
from trackside.cleanup import model as m
from trackside.cleanup import survey
from trackside.cleanup.model import Kind, Preview, Target
from trackside.cleanup.sizes import Size
from trackside.cleanup.work import Work
from trackside.core.db.session import Session
from trackside.core.errors import NotFound


async def preview(work: Work, session: Session, target: Target) -> Preview:
    """Raise NotFound if the target does not exist."""
    found = await session.read(lambda tx: survey.find(tx, target))
    if target.kind is Kind.CAPTURE:
        kept: list[str] = []
        size = await work.requests(session, target)
        if not size.files:
            raise NotFound(f"Endpoint {target.name} has no requests of {target.day} on this server")
    else:
        size, kept = await work.measure(session, found, target.path)
        size += Size(found.span_files, found.span_file_bytes)
    if target.kind is Kind.ARTIFACT and not size.files and not kept:
        raise NotFound(f"Run {target.run_id} has no artifact {target.path!r}")
    counts = {**found.counts, "files": size.files}
    return Preview(
        kind=target.kind,
        title=target.title,
        token=m.token_of(target, found, size.files, size.size_bytes),
        counts={noun: count for noun, count in counts.items() if count},
        file_bytes=size.size_bytes,
        row_bytes=found.row_bytes,
        obstacles=m.obstacles(found),
        kept=[*found.kept, *kept],
        confirm=m.confirmation(target, found, size.size_bytes),
    )


async def paths(work: Work, session: Session, run_id: str, glob: str) -> list[str]:
    """Return the files of a run whose paths match a glob such as `checkpoints/*.pt`.  `*` also matches `/`."""
    root = await session.read(lambda tx: artifacts.root_of_run(tx, run_id))
    found = await work.listed(session, root.uri)
    return sorted(path for path in found if fnmatchcase(path, glob))


def target(params: Any) -> Target:
    """Return the target that the parameters of a job identify."""
    fields = {
        name: getattr(params, name) for name in m.Named.__struct_fields__ if getattr(params, name) not in (None, "")
    }
    return m.target_of(m.Named(**fields))
