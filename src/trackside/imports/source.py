"""The interface of the sources of imports.

Documents are those of links (`links.diff.Doc`); ids are the source's own.
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

PAGE = 200  # items in a list
MAX_POINTS = 50_000  # of one series in memory


class SourceError(Exception):
    """The source cannot be read; the message says what to do."""


class Unreadable(Exception):
    """An item of the source cannot be read; others can."""


class Given(Struct, frozen=True):
    """An experiment, run or logged model of the source.

    `last` is the last point by metric key.  `times`: creation_time and last_update_time."""

    snapshot: Snapshot
    artifact_uri: str = ""
    last: dict[str, Point] = {}
    times: Doc = {}

    @property
    def id(self) -> str:
        return self.snapshot.item_id


class Version(Struct, frozen=True):
    """A version of a registered model.  `files` is the source's location of its files; `source` is the one that its user
    named."""

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
    """A registered model or prompt, with all of its versions."""

    name: str
    description: str = ""
    created: int = 0  # ms
    updated: int = 0
    tags: dict[str, str] = {}
    aliases: dict[str, int] = {}
    versions: list[Version] = []


class Traced(Struct, frozen=True):
    """A trace: `info` in MLflow 3's form without the experiment; `links` are pairs of `run` or `prompt` and a target."""

    info: dict[str, Any]
    experiment_id: str
    read: Callable[
        [], list[dict[str, Any]]
    ]  # returns its spans in the form of files; raises Unreadable or RequestRejected
    links: list[tuple[str, str]] = []

    @property
    def id(self) -> str:
        return str(self.info["trace_id"])


class Reviews(Struct, frozen=True):
    """The objects beside the traces of an experiment, in the form of `sync.api.reviews`; the keys are the kinds of objects.

    `default_schema_id` is the id of the default label schema."""

    experiment_id: str
    objects: dict[Kind, list[dict[str, Any]]]
    default_schema_id: str | None = None


class Place(Protocol):
    """The files of an item.  Raises Unreadable if they cannot be read."""

    def files(self) -> Mapping[str, int]:
        """Return the size in bytes by path; empty if there are no files."""
        ...

    def open(self, path: str) -> Iterator[bytes]: ...


class Source(Protocol):
    """A source.  It is used in one thread, except `whole` and the places, which are thread-safe.

    Raises SourceError or `RemoteUnavailable` if nothing more can be read.  After everything was read, `left_out` describes the
    parts of the source that have no place in a workspace."""

    left_out: list[str]

    def count(self) -> int | None:
        """Return the number of runs; None if unknown."""
        ...

    def experiments(self) -> list[Given]: ...

    def runs(self) -> Iterator[list[Given]]:
        """Yield lists of runs, deleted ones too.  A model that went into a run is missing if a search does not return it."""
        ...

    def whole(self, run: Given) -> Given:
        """Return the run with everything."""
        ...

    def points(self, runs: Sequence[Given]) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        """Yield run ids and packed points by key, about MAX_POINTS at a time; a run or key may appear several times."""
        ...

    def models(self) -> Iterator[list[Given]]:
        """Yield lists of logged models."""
        ...

    def traces(self) -> Iterator[list[Traced]]: ...

    def reviews(self) -> Iterator[Reviews]:
        """Yield scorers, label schemas, review queues and issues, by experiment."""
        ...

    def registered(self) -> Iterator[Registered]: ...

    def datasets(self) -> Iterator[Given]:
        """Yield evaluation datasets in the documents of `links.datasets`, with the source's experiment ids."""
        ...

    def records(self, dataset: Given) -> Iterator[Record]:
        """Yield the records in the order in which clients see them."""
        ...

    def place(self, entity: Entity, item: Given) -> Place: ...

    def place_of(self, uri: str) -> Place:
        """Return the place of files that belong to no run and no logged model."""
        ...

    def close(self) -> None: ...


def plain(doc: Doc) -> Doc:
    """Return a document without the tags that mark a copy: in an import it is the item itself."""
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
