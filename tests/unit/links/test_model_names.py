"""The names of models on a server that identifies models only by name, after names were reused."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackside.links.model import CreatedBy
from trackside.links.reconcile.registry.names import plan
from trackside.links.state.item import ItemState
from trackside.sync import fields
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local.reader import SOURCE_UID, Snapshot


class ByTimeAndTag:
    def is_the_same(self, item: ItemState, remote: Snapshot) -> bool:
        is_copy = remote.doc.get(Field(FieldKind.TAG, SOURCE_UID)) == item.local_id
        return is_copy or self.remote_creation(item) in ("", remote.doc[fields.CREATED])

    def remote_creation(self, item: ItemState) -> str:
        return (item.base or {}).get(fields.CREATED, "")


def item(local_id: str, name: str, made: str = "") -> ItemState:
    return ItemState(local_id, name, CreatedBy.HERE, {fields.CREATED: made} if made else None)


def there(models: Mapping[str, str], tags: Mapping[str, str] | None = None) -> dict[str, Snapshot]:
    """Models by name, with the times at which they were made."""
    tag = Field(FieldKind.TAG, SOURCE_UID)
    more = {name: {tag: uid} for name, uid in (tags or {}).items()}
    return {name: Snapshot(name, "", {fields.CREATED: made, **more.get(name, {})}) for name, made in models.items()}


def moves(known: Sequence[ItemState], remote: Mapping[str, Snapshot], unread: set[str] | None = None) -> dict[str, str]:
    return {each.local_id: name for each, name in plan(known, remote, unread or set(), ByTimeAndTag())}


A, B = item("A", "a", "1"), item("B", "b", "2")


def test_a_renamed_model_is_recognized_by_its_creation_time(subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"a": "1", "b": "2"}, {}),
        ({"a": "2", "b": "1"}, {"A": "b", "B": "a"}),
        ({"a": "2", "c": "1"}, {"A": "c", "B": "a"}),
        ({"a": "2"}, {"A": "! A", "B": "a"}),  # deleted, and its name taken
        ({"a": "3", "b": "2"}, {"A": "! A"}),  # deleted, and created again
        ({"b": "2"}, {}),  # deleted
        ({"b": "2", "z": "1"}, {"A": "z"}),
        ({"a": "0", "b": "2"}, {"A": "! A"}),
    ]
    for models, expected in cases:
        with subtests.test(models=models, expected=expected):
            assert moves([A, B], there(models)) == expected


def test_a_renamed_copy_is_recognized_by_its_tag() -> None:
    assert moves([item("A", "a", "9"), B], there({"a": "2", "c": "7"}, {"c": "A"})) == {"A": "c", "B": "a"}


def test_an_unknown_or_unreadable_model_keeps_its_name() -> None:
    assert moves([item("A", "a"), B], there({"a": "7", "b": "2"})) == {}
    assert moves([A, B], there({"b": "2", "c": "1"}), {"a"}) == {}


@given(st.permutations(range(6)), st.sets(st.integers(0, 5)))
def test_each_existing_model_gets_its_name_and_no_name_is_used_twice(order: list[int], gone: set[int]) -> None:
    known = [item(str(number), f"name-{number}", str(number + 1)) for number in range(6)]
    remote = there({f"name-{order[number]}": str(number + 1) for number in range(6) if number not in gone})

    found = {each.local_id: each.remote_id for each in known} | moves(known, remote)

    assert {int(each): name for each, name in found.items() if name in remote} == {
        number: f"name-{order[number]}" for number in range(6) if number not in gone
    }
    assert len(set(found.values())) == 6
