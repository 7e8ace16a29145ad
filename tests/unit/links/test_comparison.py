"""The times of experiments that several workspaces share: the earliest creation and the latest change."""

import pytest

from trackside.links.model import CreatedBy
from trackside.links.reconcile.merging import compare, superseded
from trackside.links.state.item import ItemState
from trackside.sync import fields
from trackside.sync.document import Doc, Merged, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind

CREATED: Field = fields.CREATION_TIME
UPDATED: Field = fields.LAST_UPDATE_TIME
NAME: Field = fields.NAME


def can(entity: Entity, field: Field, verb: str) -> bool:
    return True


def put_there(mode: Mode, local: Doc, remote: Doc, item: ItemState, *, was_read: bool = True) -> Doc:
    return compare(Entity.EXPERIMENT, item, local, remote, mode, can, was_read=was_read).for_them.put


def met(agreed: Doc | None = None, made_by: CreatedBy = CreatedBy.THEM) -> ItemState:
    return ItemState("1", "2", made_by, agreed)


EARLIER: Doc = {CREATED: "5", UPDATED: "50"}
LATER: Doc = {CREATED: "7", UPDATED: "70"}


def test_an_older_copy_keeps_its_creation_time_and_gets_the_later_change_time() -> None:
    merged = compare(Entity.EXPERIMENT, met(), LATER, EARLIER, Mode.PUSH, can)

    assert merged.for_them.put == {UPDATED: "70"}
    assert merged.agreed == {UPDATED: "70"}
    assert not merged.for_us


def test_a_copy_that_changed_later_keeps_that_time_and_gets_the_earlier_creation() -> None:
    merged = compare(Entity.EXPERIMENT, met(), EARLIER, LATER, Mode.PUSH, can)

    assert merged.for_them.put == {CREATED: "5"}
    assert merged.agreed == {CREATED: "5"}


def test_a_pull_takes_the_better_times_of_the_remote() -> None:
    merged = compare(Entity.EXPERIMENT, met(), LATER, EARLIER, Mode.PULL, can)

    assert merged.for_us.put == {CREATED: "5"}
    assert not merged.for_them


def test_an_agreed_time_that_is_unchanged_stays_agreed() -> None:
    item = met({CREATED: "9", NAME: "x"})

    merged = compare(Entity.EXPERIMENT, item, {**LATER, NAME: "x"}, {**EARLIER, NAME: "x"}, Mode.PUSH, can)

    assert merged.agreed == {CREATED: "9", UPDATED: "70", NAME: "x"}


def test_a_copy_that_the_link_created_first_has_the_local_times() -> None:
    assert put_there(Mode.PUSH, LATER, EARLIER, met(None, CreatedBy.US)) == LATER
    assert put_there(Mode.PUSH, LATER, EARLIER, met({CREATED: "7"}, CreatedBy.US)) == {UPDATED: "70"}


def test_no_time_is_sent_to_a_copy_that_was_not_read() -> None:
    agreed = {NAME: "x"}

    assert put_there(Mode.PUSH, {**LATER, NAME: "y"}, agreed, met(agreed), was_read=False) == {NAME: "y"}
    assert put_there(Mode.PUSH, {**LATER, NAME: "y"}, agreed, met(agreed)) == {NAME: "y", **LATER}


def test_a_source_without_times_changes_none() -> None:
    assert put_there(Mode.PUSH, {NAME: "x"}, {**EARLIER, NAME: "y"}, met()) == {NAME: "x"}


@pytest.mark.parametrize("local", [EARLIER, LATER])
def test_both_sides_converge_to_the_earlier_creation_and_the_later_change(local: Doc) -> None:
    remote = LATER if local is EARLIER else EARLIER

    assert compare(Entity.EXPERIMENT, met(), local, remote, Mode.BOTH, can).agreed == {CREATED: "5", UPDATED: "70"}


def test_other_items_have_their_sources_times() -> None:
    assert compare(Entity.LOGGED_MODEL, met(), LATER, EARLIER, Mode.PUSH, can).for_them.put == LATER


def test_a_field_that_the_remote_cannot_change_is_not_sent() -> None:
    merged = compare(
        Entity.RUN, met(), {NAME: "x"}, {}, Mode.PUSH, lambda entity, field, verb: entity is not Entity.RUN
    )

    assert not merged.for_them


def taking(put: Doc) -> Merged:
    return Merged(Patch(), Patch(put), {}, [])


def test_times_that_became_better_meanwhile_are_kept() -> None:
    before = {CREATED: "9", UPDATED: "90", NAME: "a"}

    assert superseded(taking({CREATED: "7"}), before, {**before, CREATED: "5"}) == {CREATED}
    assert superseded(taking({CREATED: "7"}), before, {**before, CREATED: "8"}) == set()
    assert superseded(taking({UPDATED: "95"}), before, {**before, UPDATED: "99"}) == {UPDATED}
    assert superseded(taking({CREATED: "7"}), before, before) == set()
    assert superseded(taking({NAME: "b"}), before, {**before, NAME: "c"}) == set()
    assert superseded(taking({CREATED: "7"}), before, {NAME: "a"}) == set()


def test_other_differences_are_replaced_on_the_remote_and_reported() -> None:
    tag, gone = Field(FieldKind.TAG, "t"), Field(FieldKind.TAG, "gone")
    item = met({tag: "1", gone: "1"})

    merged = compare(Entity.EXPERIMENT, item, {**LATER, tag: "2"}, {**EARLIER, tag: "3", gone: "1"}, Mode.PUSH, can)

    assert merged.for_them == Patch({tag: "2", UPDATED: "70"}, [gone])
    assert tag in [conflict.field for conflict in merged.conflicts]


def test_the_remote_is_asked_for_its_abilities_by_kind_and_field() -> None:
    asked = []

    def ask(entity: Entity, field: Field, verb: str) -> bool:
        asked.append((entity, field, verb))
        return True

    compare(Entity.RUN, met({NAME: "x"}), {NAME: "y", CREATED: "1"}, {NAME: "x"}, Mode.PUSH, ask)

    assert asked == [(Entity.RUN, CREATED, "add"), (Entity.RUN, NAME, "change")]
