"""One package makes a new kind of items that the reconciler mirrors between two workspaces (`snippets`)."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from links.items.snippets import table
from links.items.snippets.item_type import SnippetType
from links.items.snippets.remote import Snippets
from trackside.core.db.tx import Tx
from trackside.links import store
from trackside.links.model import Kind, Link, Options
from trackside.links.reconcile.context import LinkContext, Task
from trackside.links.reconcile.deletion_guard import DeletionHeld
from trackside.links.reconcile.dispatch import Reconcilers
from trackside.links.reconcile.reconciler import Reconciler
from trackside.sync import fields
from trackside.sync.document import Doc, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.workspaces import store as workspaces

HERE = 1
ID = "s1"
TITLE, COLOR = fields.NAME, Field(FieldKind.TAG, "color")
DOC: Doc = {TITLE: "hello", COLOR: "red"}


@pytest.fixture
def db(db: Any) -> Iterator[Any]:
    """A store with the table of the snippets, which goes with the test: other tests use the database again."""
    table.create_table(db)
    yield db
    table.drop_table(db)


class Pair:
    """A workspace, another one, and what mirrors the snippets of both."""

    def __init__(self, db: Any, mode: Mode) -> None:
        self._db = db
        self.there: int = db.writer.submit(HERE, lambda tx: workspaces.create(tx, "south").workspace_id).result()

        def add(tx: Tx) -> Link:
            return store.create(tx, "l", Kind.TRACKSIDE, "http://127.0.0.1:1", mode, Options(), None, "")

        link = db.writer.submit(HERE, add).result()
        peer: Any = SimpleNamespace(preserves_ids=True)
        self.context = LinkContext(db, HERE, link, peer, roots=None, server_root="")  # type: ignore[arg-type]  # no file is touched
        self.reconciler = Reconciler(SnippetType(self.context, Snippets(db, self.there)), lambda *_: False)

    def put(self, ws: int, put: Doc, drop: tuple[Field, ...] = ()) -> None:
        self._db.writer.submit(ws, lambda tx: table.put(tx, ID, Patch(put, list(drop)))).result()

    def delete(self, ws: int) -> None:
        self._db.writer.submit(ws, lambda tx: table.delete(tx, ID)).result()

    def docs(self) -> tuple[Doc | None, Doc | None]:
        with self._db.read(HERE) as tx:
            here = table.read(tx, ID)
        with self._db.read(self.there) as tx:
            return here, table.read(tx, ID)


def test_the_package_is_small() -> None:
    files = list((Path(__file__).parent / "snippets").glob("*.py"))

    assert len(files) <= 5


def test_an_item_is_copied_and_changes_of_both_sides_are_merged(db: Any) -> None:
    pair = Pair(db, Mode.BOTH)
    pair.put(HERE, DOC)
    pair.reconciler.reconcile_local(ID, verify=False)
    created = pair.docs()

    pair.put(HERE, {TITLE: "hello again"})
    pair.put(pair.there, {}, drop=(COLOR,))
    pair.reconciler.reconcile_local(ID, verify=False)

    assert created == (DOC, DOC)
    assert pair.docs() == ({TITLE: "hello again"}, {TITLE: "hello again"})


def test_an_item_of_the_other_side_is_copied(db: Any) -> None:
    pair = Pair(db, Mode.PULL)
    pair.put(pair.there, DOC)

    pair.reconciler.reconcile_remote(ID, verify=False)

    assert pair.docs() == (DOC, DOC)
    assert pair.reconciler.missing({ID}) == []
    assert pair.reconciler.missing(set()) == [ID]


@pytest.mark.parametrize("is_here", [True, False])
def test_a_deletion_is_sent_after_it_was_accepted(db: Any, is_here: bool) -> None:
    pair = Pair(db, Mode.BOTH)
    pair.put(HERE, DOC)
    pair.reconciler.reconcile_local(ID, verify=False)
    pair.delete(HERE if is_here else pair.there)

    with pytest.raises(DeletionHeld):
        _look(pair, is_here=is_here)
    pair.context.start(Task(may_delete=True))
    _look(pair, is_here=is_here)

    assert pair.docs() == (None, None)


def test_an_object_deleted_locally_but_changed_remotely_is_restored(db: Any) -> None:
    pair = Pair(db, Mode.BOTH)
    pair.put(HERE, DOC)
    pair.reconciler.reconcile_local(ID, verify=False)
    pair.delete(HERE)
    pair.put(pair.there, {COLOR: "blue"})

    pair.reconciler.reconcile_local(ID, verify=False)

    assert pair.docs() == ({**DOC, COLOR: "blue"}, {**DOC, COLOR: "blue"})


def test_an_item_of_a_kind_that_keeps_deleted_ones_is_created_again_where_it_is_absent(db: Any) -> None:
    """It was purged or lost with the store, and not deleted by a user."""
    pair = Pair(db, Mode.BOTH)
    pair.reconciler.type.keeps_deleted = True
    pair.put(HERE, DOC)
    pair.reconciler.reconcile_local(ID, verify=False)
    pair.delete(pair.there)

    pair.reconciler.reconcile_remote(ID, verify=False)
    before = pair.docs()
    pair.reconciler.reconcile_local(ID, verify=True)
    pair.reconciler.reconcile_local(ID, verify=False)

    assert before == (DOC, None)
    assert pair.docs() == (DOC, DOC)


def test_every_kind_of_item_uses_the_same_reconciler(db: Any) -> None:
    pair = Pair(db, Mode.BOTH)
    peer: Any = SimpleNamespace(preserves_ids=True, registry=None, datasets=None, traces=None)
    mirrors = Reconcilers(LinkContext(db, HERE, pair.context.link, peer, roots=None, server_root=""))  # type: ignore[arg-type]  # no file

    found = {entity for entity in Entity if isinstance(mirrors.of(entity), Reconciler)}

    assert found == set(Entity)


def _look(pair: Pair, *, is_here: bool) -> None:
    if is_here:
        pair.reconciler.reconcile_local(ID, verify=False)
    else:
        pair.reconciler.reconcile_remote(ID, verify=False)
