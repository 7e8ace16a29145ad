"""The state of an item that is being imported.  Pure."""

from msgspec import Struct

from trackside.imports.source import Given, Place
from trackside.imports.target import Held
from trackside.sync.document import Patch
from trackside.sync.entities import Entity

WORDS = {Entity.RUN: "run", Entity.LOGGED_MODEL: "logged model"}


class Task(Struct):
    """An item of which the workspace lacks something."""

    entity: Entity
    given: Given
    experiment_id: str
    held: Held | None
    points: bool
    patch: Patch = Patch()
    place: Place | None = None  # of its files, once known
    files: dict[str, int] = {}
    problems: list[str] = []
    is_begun: bool = False  # it was created, and only its completion is missing
    is_dead: bool = False  # it cannot be created

    @property
    def id(self) -> str:
        return self.given.id

    @property
    def label(self) -> str:
        return f"{WORDS[self.entity]} {self.id}"

    @property
    def is_new(self) -> bool:
        return self.held is None or bool(self.held.unfinished)
