"""The call that changes many runs.  Knows HTTP's side of it only."""

from collections.abc import Callable
from functools import partial

from msgspec import structs

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http import codec
from trackside.core.http.calls import check_content_type
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.runs import bulk, selection
from trackside.runs.bulk import AT_ONCE, SHOWN_REFUSALS, Changed, ChangeRuns, Outcome

_JSON = [(b"content-type", b"application/json")]


async def change(request: Request) -> Response:
    """Set or delete a tag of many runs, delete or restore them, or move them to another experiment.

    Some hundred runs are changed in each transaction.  `dry_run` only counts the matching runs."""
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


def routes() -> list[Route]:
    return [
        stream("POST /api/trackside/v1/runs/bulk", change, call=ChangeRuns, needs=Action.RUNS_WRITE, answer=Changed)
    ]


def _bound(step: bulk.Step, run_ids: list[str]) -> Callable[[Tx], Outcome]:
    return lambda tx: step(tx, run_ids)


def _matching(tx: Tx, call: ChangeRuns) -> list[str]:
    lifecycle = call.lifecycle or ("deleted" if call.action == "restore" else "active")
    search = selection.read(tx, structs.replace(call, lifecycle=lifecycle))
    seqs = selection.seqs(tx, search)
    names = selection.ids_of(tx, seqs)
    return [names[seq] for seq in seqs if seq in names]
