"""The interface of a remote's traces, for the worker.  Traces have the same ids on both sides."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from msgspec import Struct

from trackside.sync.document import Doc
from trackside.sync.fields import Field, Verb
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import Listed
from trackside.sync.trace_document import Fingerprints


class TracePatch(Struct, frozen=True):
    """`doc` is the target state of the trace, with the remote's ids; `changed` are its differing fields; `drop` are tags and
    assessments to delete."""

    doc: Doc
    changed: Doc
    drop: Sequence[Field] = ()


class NewTrace(Struct, frozen=True):
    """A whole trace: `doc` is its target state, `lines` are its stored spans."""

    trace_id: str
    experiment_id: str  # the remote's
    doc: Doc
    lines: Sequence[bytes]


class RemoteTraces(Listed, Protocol):
    """Calls are idempotent, and raise like those of `Remote`.  Documents are those of `sync.trace_document`."""

    keeps_final: bool  # whether a trace may exist without its start call

    @property
    def is_known(self) -> bool:
        """Return whether the remote supports traces."""
        ...

    def can(self, field: Field, verb: Verb) -> bool: ...

    def read(self, trace_id: str) -> Snapshot | None: ...

    def put(self, trace_id: str, experiment_id: str, patch: TracePatch) -> None:
        """Create the trace, or change it."""
        ...

    def find_all(self, trace_ids: Sequence[str]) -> dict[str, Snapshot]:
        """Return the existing ones of these traces, by id; only if `keeps_final`."""
        ...

    def make_all(self, made: Sequence[NewTrace]) -> list[str]:
        """Create traces by one call, and return the ids of the accepted ones; only if `keeps_final`."""
        ...

    def remove(self, trace_id: str, experiment_id: str) -> None:
        """Delete a trace, if it exists."""
        ...

    def fingerprints(self, trace_id: str) -> Fingerprints:
        """Return the fingerprints of the trace's spans."""
        ...

    def spans(self, trace_id: str, span_ids: Sequence[str]) -> Iterator[list[Any]]:
        """Yield spans in MLflow 3's file form, in portions."""
        ...

    def put_spans(self, trace_id: str, experiment_id: str, doc: Doc, spans: Iterable[Sequence[bytes]]) -> None:
        """Store spans, given as stored lines in portions; spans with the same ids are replaced.  `doc` is the state of the
        trace."""
        ...
