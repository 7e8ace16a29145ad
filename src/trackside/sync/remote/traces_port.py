"""The other side's traces, as the worker sees them.  A narrow port: traces by their ids, which are the same on both sides."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from msgspec import Struct

from trackside.sync.document import Doc
from trackside.sync.fields import Field, Verb
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import Listed
from trackside.sync.trace_document import Fingerprints


class TracePatch(Struct, frozen=True):
    """`doc`: what the trace shall be, with the remote's ids; `changed`: the fields of it that differ; `drop`: tags and
    assessments that go."""

    doc: Doc
    changed: Doc
    drop: Sequence[Field] = ()


class NewTrace(Struct, frozen=True):
    """A whole trace: `doc` is what it shall be, `lines` its spans as they are stored."""

    trace_id: str
    experiment_id: str  # the remote's
    doc: Doc
    lines: Sequence[bytes]


class RemoteTraces(Listed, Protocol):
    """Calls may be repeated, and raise as those of `Remote` do.  Documents are those of `sync.trace_document`."""

    keeps_final: bool  # whether a trace may be there without its start call

    @property
    def is_known(self) -> bool:
        """Whether the remote has traces at all."""
        ...

    def can(self, field: Field, verb: Verb) -> bool: ...

    def read(self, trace_id: str) -> Snapshot | None: ...

    def put(self, trace_id: str, experiment_id: str, patch: TracePatch) -> None:
        """Make the trace, or change it."""
        ...

    def find_all(self, trace_ids: Sequence[str]) -> dict[str, Snapshot]:
        """Return those of the traces that are there, by id; where `keeps_final`."""
        ...

    def make_all(self, made: Sequence[NewTrace]) -> list[str]:
        """Make traces by one call, and return the ids of those that were taken; where `keeps_final`."""
        ...

    def remove(self, trace_id: str, experiment_id: str) -> None:
        """Delete a trace; harmless if it is not there."""
        ...

    def fingerprints(self, trace_id: str) -> Fingerprints:
        """Return the fingerprints of its spans."""
        ...

    def spans(self, trace_id: str, span_ids: Sequence[str]) -> Iterator[list[Any]]:
        """Yield spans as files of MLflow 3 have them, in portions."""
        ...

    def put_spans(self, trace_id: str, experiment_id: str, doc: Doc, spans: Iterable[Sequence[bytes]]) -> None:
        """Store spans, given as stored lines in portions; those of the same ids are replaced.  `doc`: what the trace is like."""
        ...
