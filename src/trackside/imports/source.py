"""The port of the sources that an import reads from.  Knows shapes; reads nothing itself.

Documents are those of links (`links.diff.Doc`), ids are the source's own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from trackside.evaluation_datasets.whole_record import Record
from trackside.metrics.series import Point
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.fields import FieldKind
from trackside.sync.local.reader import OWN_TAGS, Snapshot
from trackside.traces.replica.model import Kind

PAGE = 200  # items at once
MAX_POINTS = 50_000  # in memory at once, of one series


class SourceError(Exception):
    """The source as a whole cannot be read; the message says what would help."""


class Unreadable(Exception):
    """Something of the source cannot be read, in words; the rest can."""


class Given(Struct, frozen=True):
    """An experiment, run or logged model of the source.

    `last`: by metric key the last point.  `times`: creation_time and last_update_time."""

    snapshot: Snapshot
    artifact_uri: str = ""
    last: dict[str, Point] = {}
    times: Doc = {}

    @property
    def id(self) -> str:
        return self.snapshot.item_id


class Version(Struct, frozen=True):
    """A version of a registered model.  `files`: where the source keeps its files; `source` is what its user named."""

    version: int
    source: str
    files: str = ""
    run_id: str = ""
    model_id: str = ""
    run_link: str = ""
    description: str | None = None
    stage: str = "None"
    user: str = ""
    created: int = 0  # ms
    updated: int = 0
    tags: dict[str, str] = {}


class Registered(Struct, frozen=True):
    """A registered model, or a prompt, with all of its versions."""

    name: str
    description: str = ""
    created: int = 0  # ms
    updated: int = 0
    tags: dict[str, str] = {}
    aliases: dict[str, int] = {}
    versions: list[Version] = []


class Traced(Struct, frozen=True):
    """A trace: `info` as MLflow 3 has it, without the experiment; `links` as pairs of `run` or `prompt` and a target."""

    info: dict[str, Any]
    experiment_id: str
    read: Callable[[], list[dict[str, Any]]]  # its spans, as in its files; raises Unreadable or RequestRejected
    links: list[tuple[str, str]] = []

    @property
    def id(self) -> str:
        return str(self.info["trace_id"])


class Reviews(Struct, frozen=True):
    """The objects beside the traces of an experiment, as `sync.api.reviews` takes it; the keys are the kinds of objects.

    `default_schema_id`: the id of the default question."""

    experiment_id: str
    objects: dict[Kind, list[dict[str, Any]]]
    default_schema_id: str | None = None


class Place(Protocol):
    """The files of an item.  Raises Unreadable where they cannot be read."""

    def files(self) -> Mapping[str, int]:
        """Size in bytes by path.  Empty where there are none."""
        ...

    def open(self, path: str) -> Iterator[bytes]: ...


class Source(Protocol):
    """Read in one thread, but for `whole` and the places, which any thread may use.

    Raises SourceError or `RemoteUnavailable` where nothing can be read any more.  What it holds and nobody can take is in
    `left_out`, in words, when all was read."""

    left_out: list[str]

    def count(self) -> int | None:
        """How many runs there are, if that is known."""
        ...

    def experiments(self) -> list[Given]: ...

    def runs(self) -> Iterator[list[Given]]:
        """Some at once, deleted ones too.  Without models that went into a run, where a search does not tell them."""
        ...

    def whole(self, run: Given) -> Given:
        """With all of it."""
        ...

    def points(self, runs: Sequence[Given]) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        """Run ids and packed points by key, at most about MAX_POINTS at once; a run or key may come several times."""
        ...

    def models(self) -> Iterator[list[Given]]:
        """Logged models."""
        ...

    def traces(self) -> Iterator[list[Traced]]: ...

    def reviews(self) -> Iterator[Reviews]:
        """Scorers, questions, review queues and issues of experiments that have some."""
        ...

    def registered(self) -> Iterator[Registered]: ...

    def datasets(self) -> Iterator[Given]:
        """Evaluation datasets, as `links.datasets` has their documents, with the source's ids of experiments."""
        ...

    def records(self, dataset: Given) -> Iterator[Record]:
        """In the order in which clients see them."""
        ...

    def place(self, entity: Entity, item: Given) -> Place: ...

    def place_of(self, uri: str) -> Place:
        """Return the place of files that belong to no run and no logged model."""
        ...

    def close(self) -> None: ...


def plain(doc: Doc) -> Doc:
    """Return a document without the tags that say what a copy is a copy of: here it is the item itself."""
    return {f: text for f, text in doc.items() if not (f.kind is FieldKind.TAG and f.key in OWN_TAGS)}


def grouped(items: Iterable[Given], size: int = PAGE) -> Iterator[list[Given]]:
    group: list[Given] = []
    for item in items:
        group.append(item)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
