"""Brings the spans of a trace to the same state on both sides.  Can run again at any time: storing a span is idempotent."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from trackside.links.reconcile.context import LinkContext
from trackside.sync import portions
from trackside.sync.document import Doc, Mode
from trackside.sync.local import traces
from trackside.sync.local.reader import Snapshot
from trackside.sync.trace_document import Fingerprints

PORTION_BYTES = 8 << 20  # of spans in one call, unless one span is larger


class Plan(Struct, frozen=True):
    """The ids of spans to send and to take, and the fingerprints of both sides afterwards, as far as the link's mode allows."""

    send: list[str]
    take: list[str]
    agreed: Fingerprints


def plan(mode: Mode, here: Fingerprints, there: Fingerprints) -> Plan:
    """Return the plan for spans.  In a two-way link each side gets all spans; of two different spans with one id, the greater
    fingerprint wins."""
    send, take = [], []
    agreed: Fingerprints = {}
    for span_id in sorted({*here, *there}):
        local, remote = here.get(span_id), there.get(span_id)
        if local == remote:
            keeps_local = True
        elif local is None or remote is None:
            keeps_local = remote is None
        else:
            keeps_local = mode is Mode.PUSH or (mode is Mode.BOTH and local > remote)
        if local != remote and keeps_local and mode.sends:
            send.append(span_id)
        if local != remote and not keeps_local and mode.takes:
            take.append(span_id)
        kept = local if keeps_local else remote
        if kept is not None:
            agreed[span_id] = kept
    return Plan(send, take, agreed)


class SpanSync:
    def __init__(self, context: LinkContext, trace_id: str) -> None:
        self._context = context
        self._remote = context.remote.traces
        self._trace_id = trace_id

    def send_all(self, remote_experiment: str, doc: Doc) -> None:
        """Send all spans of a trace that was just created on the remote."""
        self._remote.put_spans(self._trace_id, remote_experiment, doc, self._portions(None))

    def run(self, snapshot: Snapshot, remote_experiment: str, doc: Doc) -> Plan:
        """Send and take missing spans.  `doc`: the state of the remote trace."""
        here = self._context.read(traces.fingerprints, self._trace_id)
        made = plan(self._context.link.mode, here, self._remote.fingerprints(self._trace_id))
        if made.take:
            for given in self._remote.spans(self._trace_id, made.take):
                self._context.beat()
                call = traces.spans_call(self._trace_id, snapshot.experiment_id, given)
                if call is not None:
                    self._context.write(traces.put_spans, call)
        if made.send:
            self._remote.put_spans(self._trace_id, remote_experiment, doc, self._portions(set(made.send)))
        return made

    def _portions(self, wanted: set[str] | None) -> Iterator[Sequence[bytes]]:
        lines = self._context.read(traces.stored, self._trace_id, self._context.body_files)
        chosen = (line for line in lines() if wanted is None or traces.span_id(line) in wanted)
        for portion in portions.batched(chosen, len, PORTION_BYTES):
            yield portion
            self._context.beat()
