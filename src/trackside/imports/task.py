"""The work with one item of an import, and its outcome.  Pure."""

from msgspec import Struct

from trackside.imports.source import Given, Place
from trackside.imports.target import Held
from trackside.sync.document import Patch
from trackside.sync.entities import Entity

WORDS = {Entity.RUN: "run", Entity.LOGGED_MODEL: "logged model"}


class Task(Struct):
    """An item that lacks something here."""

    entity: Entity
    given: Given
    experiment_id: str
    held: Held | None
    points: bool
    patch: Patch = Patch()
    place: Place | None = None  # of its files, as soon as they are known
    files: dict[str, int] = {}
    problems: list[str] = []
    is_begun: bool = False  # all but its end was told
    is_dead: bool = False  # it cannot be made at all

    @property
    def id(self) -> str:
        return self.given.id

    @property
    def words(self) -> str:
        return f"{WORDS[self.entity]} {self.id}"

    @property
    def is_new(self) -> bool:
        return self.held is None or bool(self.held.unfinished)
