"""Calls that change many runs, or a tag of one."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from msgspec import structs

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http import codec
from trackside.core.http.calls import check_content_type
from trackside.core.http.codec import Call
from trackside.core.http.routes import LISTED, Route, command, stream
from trackside.core.http.streams import Request, Response
from trackside.core.http.targets import by
from trackside.experiments.model import EditedTag
from trackside.runs import bulk, limits, selection
from trackside.runs.bulk import AT_ONCE, SHOWN_REFUSALS, Changed, ChangeRuns, Outcome

_JSON = [(b"content-type", b"application/json")]


class EditRunTag(Call, frozen=True):
    """Set a tag, or delete it without `value`.  `expected` is the value that the caller saw; absent: there was no tag."""

    required: ClassVar[tuple[str, ...]] = ("run_id", "key")
    run_id: str | None = None
    key: str | None = None
    value: str | None = None
    expected: str | None = None


async def change(request: Request) -> Response:
    """Set or delete a tag of many runs, delete or restore them, or move them to another experiment.

    Each transaction changes some hundred runs.  `dry_run` only counts the matching runs."""
    check_content_type(request.headers.get(b"content-type"))
    call: ChangeRuns = codec.decode_body(ChangeRuns, await request.whole_body())
    step = bulk.step_of(call)
    run_ids = await request.read(partial(_matching, call=call))
    outcome = Outcome()
    if not call.dry_run:
        for start in range(0, len(run_ids), AT_ONCE):
            outcome.add(await request.write(_bound(step, run_ids[start : start + AT_ONCE])))
    answer = Changed(
        matching=len(run_ids),
        changed=sum(map(len, outcome.former.values())),
        unchanged=outcome.unchanged,
        refused_total=len(outcome.refused),
        refused=outcome.refused[:SHOWN_REFUSALS],
        undo=bulk.undo_of(call, outcome),
    )
    return Response(200, _JSON, codec.encode(answer))


def edit_tag(tx: Tx, call: EditRunTag) -> EditedTag:
    """Set or delete a tag of a run if it still has the value that the caller saw."""
    key, value = limits.check_tag(call.key or "", call.value or "", "")
    wanted = None if call.value is None else value
    bulk.edit_tag(tx, call.run_id or "", key, wanted, call.expected)
    return EditedTag(key, wanted)


def routes() -> list[Route]:
    ours, write = "/api/trackside/v1", Action.RUNS_WRITE
    return [
        stream(f"POST {ours}/runs/bulk", change, call=ChangeRuns, needs=write, on=LISTED, answer=Changed),
        command(
            f"POST {ours}/runs/{{run_id}}/edit-tag",
            EditRunTag,
            edit_tag,
            needs=write,
            on=by("run", "run_id"),
            answer=EditedTag,
        ),
    ]


def _bound(step: bulk.Step, run_ids: list[str]) -> Callable[[Tx], Outcome]:
    return lambda tx: step(tx, run_ids)


def _matching(tx: Tx, call: ChangeRuns) -> list[str]:
    lifecycle = call.lifecycle or ("deleted" if call.action == "restore" else "active")
    search = selection.read(tx, structs.replace(call, lifecycle=lifecycle))
    seqs = selection.seqs(tx, search)
    names = selection.ids_of(tx, seqs)
    return [names[seq] for seq in seqs if seq in names]
