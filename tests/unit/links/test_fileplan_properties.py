"""Whatever both sides did to their files, one pass brings them to the same state, and a second one has nothing to do."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from support.runner.examples import examples
from trackside.sync.document import Mode
from trackside.sync.file_plan import Known, What, plan
from trackside.sync.file_versions import LocalFile, RemoteFile

PATHS = ("a", "b/c", "b/d")
SENDING = {What.SEND, What.DROP_THERE}
TAKING = {What.TAKE, What.DROP_HERE}
contents = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(["x", "y", "long"]))


@dataclass
class Sides:
    """The contents of the files of both sides by path, and what they agreed on."""

    agreed: dict[str, str]
    ours: dict[str, str]
    theirs: dict[str, str]
    done: list[What] = field(default_factory=list)

    def run(self, mode: Mode) -> None:
        known = {path: Known(path, len(text), f"e{text}", text, f"r{text}") for path, text in self.agreed.items()}
        ours = {path: LocalFile(len(text), f"e{text}") for path, text in self.ours.items()}
        theirs = {path: RemoteFile(len(text), etag=f"r{text}") for path, text in self.theirs.items()}
        steps = list(plan(mode, known, ours, theirs, lambda path: (self.ours[path], self.theirs[path])))
        self.done = [step.what for step in steps]
        for step in steps:
            match step.what:
                case What.SEND:
                    self.theirs[step.path] = self.agreed[step.path] = self.ours[step.path]
                case What.TAKE:
                    self.ours[step.path] = self.agreed[step.path] = self.theirs[step.path]
                case What.DROP_THERE:
                    del self.theirs[step.path], self.agreed[step.path]
                case What.DROP_HERE:
                    del self.ours[step.path], self.agreed[step.path]
                case What.FORGET:
                    del self.agreed[step.path]
                case What.SAME:
                    assert self.ours[step.path] == self.theirs[step.path]
                    self.agreed[step.path] = self.ours[step.path]


@given(agreed=contents, ours=contents, theirs=contents)
@settings(max_examples=examples(500))
def test_a_link_of_both_directions_makes_both_sides_the_same_at_once(
    agreed: dict[str, str], ours: dict[str, str], theirs: dict[str, str]
) -> None:
    sides = Sides(dict(agreed), dict(ours), dict(theirs))

    sides.run(Mode.BOTH)
    after = dict(sides.ours)
    sides.run(Mode.BOTH)

    assert sides.ours == sides.theirs == after
    assert sides.done == []


@given(agreed=contents, ours=contents, theirs=contents)
@settings(max_examples=examples(500))
def test_a_link_of_both_directions_deletes_only_what_one_side_deleted_and_the_other_left_alone(
    agreed: dict[str, str], ours: dict[str, str], theirs: dict[str, str]
) -> None:
    sides = Sides(dict(agreed), dict(ours), dict(theirs))

    sides.run(Mode.BOTH)

    for path in ours.keys() | theirs.keys():
        is_changed = any(side.get(path) not in (None, agreed.get(path)) for side in (ours, theirs))
        is_on_both = path in ours and path in theirs
        assert (path in sides.ours) == (is_changed or is_on_both)
        assert sides.ours.get(path) in (None, ours.get(path), theirs.get(path))


@given(agreed=contents, ours=contents, theirs=contents, mode=st.sampled_from([Mode.PUSH, Mode.PULL]))
@settings(max_examples=examples(500))
def test_a_link_of_one_direction_changes_only_the_copy(
    agreed: dict[str, str], ours: dict[str, str], theirs: dict[str, str], mode: Mode
) -> None:
    sides = Sides(dict(agreed), dict(ours), dict(theirs))

    sides.run(mode)
    done = set(sides.done)
    source, copy = (sides.ours, sides.theirs) if mode is Mode.PUSH else (sides.theirs, sides.ours)
    before, copy_before = (ours, theirs) if mode is Mode.PUSH else (theirs, ours)

    assert source == before
    assert not done & (TAKING if mode is Mode.PUSH else SENDING)
    assert {**copy, **source} == copy  # the copy has all that the source has
    assert copy.keys() - source.keys() == copy_before.keys() - source.keys() - agreed.keys()
    sides.run(mode)
    assert sides.done == []
