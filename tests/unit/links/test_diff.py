"""The helpers of `diff` around a merge; the merge itself has properties in `tests/links/items/test_diff.py`."""

from trackside.sync.document import Conflict, Doc, Merged, Mode, Patch, changed_since, of_kind, of_rows, without
from trackside.sync.fields import Field, FieldKind

A = Field(FieldKind.TAG, "a")
B = Field(FieldKind.TAG, "b")
C = Field(FieldKind.PARAM, "c")
D = Field(FieldKind.TAG, "d")
E = Field(FieldKind.TAG, "e")


def test_omitted_fields_are_neither_taken_nor_deleted_and_stay_agreed() -> None:
    conflict = Conflict(A, "1", "2", "2", Mode.BOTH)
    merged = Merged(Patch({C: "9"}), Patch({A: "2", B: "3"}, [C, D]), {A: "2", B: "3"}, [conflict])

    kept = without(merged, {A, C}, {A: "1", C: "8", E: "5"})

    assert kept == Merged(Patch({C: "9"}), Patch({B: "3"}, [D]), {A: "1", B: "3", C: "8"}, [conflict])


def test_only_fields_to_be_taken_count_as_changed_meanwhile() -> None:
    merged = Merged(Patch(), Patch({A: "new"}, [B]), {}, [])
    before: Doc = {A: "1", B: "1", C: "1"}

    assert changed_since(merged, before, before) == set()
    assert changed_since(merged, before, {A: "2", B: "1", C: "2"}) == {A}
    assert changed_since(merged, before, {A: "1", C: "1"}) == {B}


def test_a_patch_says_whether_it_changes_anything() -> None:
    assert not Patch()
    assert Patch({A: "1"})
    assert Patch({}, [A])


def test_fields_of_a_kind_are_recognized_by_their_keys() -> None:
    assert of_kind({A: "1", B: "2", C: "3"}, FieldKind.TAG) == {"a": "1", "b": "2"}


def test_a_document_of_a_later_release_is_read_without_the_kinds_that_this_one_does_not_know() -> None:
    assert of_rows([("tag", "a", "1"), ("colour", "", "red")]) == {A: "1"}
