"""After any changes of files on both sides, one pass makes them equal, and a second pass has nothing to do."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from support.runner.examples import examples
from trackside.sync.document import Mode
from trackside.sync.file_plan import FileAction, Known, plan
from trackside.sync.file_versions import LocalFile, RemoteFile

PATHS = ("a", "b/c", "b/d")
SENDING = {FileAction.SEND, FileAction.DROP_THERE}
TAKING = {FileAction.TAKE, FileAction.DROP_HERE}
contents = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(["x", "y", "long"]))


@dataclass
class Sides:
    """The contents of the files of both sides by path, and what they agreed on."""

    agreed: dict[str, str]
    local: dict[str, str]
    remote: dict[str, str]
    done: list[FileAction] = field(default_factory=list)

    def run(self, mode: Mode) -> None:
        known = {path: Known(path, len(text), f"e{text}", text, f"r{text}") for path, text in self.agreed.items()}
        local = {path: LocalFile(len(text), f"e{text}") for path, text in self.local.items()}
        remote = {path: RemoteFile(len(text), etag=f"r{text}") for path, text in self.remote.items()}
        steps = list(plan(mode, known, local, remote, lambda path: (self.local[path], self.remote[path])))
        self.done = [step.what for step in steps]
        for step in steps:
            match step.what:
                case FileAction.SEND:
                    self.remote[step.path] = self.agreed[step.path] = self.local[step.path]
                case FileAction.TAKE:
                    self.local[step.path] = self.agreed[step.path] = self.remote[step.path]
                case FileAction.DROP_THERE:
                    del self.remote[step.path], self.agreed[step.path]
                case FileAction.DROP_HERE:
                    del self.local[step.path], self.agreed[step.path]
                case FileAction.FORGET:
                    del self.agreed[step.path]
                case FileAction.SAME:
                    assert self.local[step.path] == self.remote[step.path]
                    self.agreed[step.path] = self.local[step.path]


@given(agreed=contents, local=contents, remote=contents)
@settings(max_examples=examples(500))
def test_a_link_in_both_directions_makes_both_sides_equal(
    agreed: dict[str, str], local: dict[str, str], remote: dict[str, str]
) -> None:
    sides = Sides(dict(agreed), dict(local), dict(remote))

    sides.run(Mode.BOTH)
    after = dict(sides.local)
    sides.run(Mode.BOTH)

    assert sides.local == sides.remote == after
    assert sides.done == []


@given(agreed=contents, local=contents, remote=contents)
@settings(max_examples=examples(500))
def test_a_link_in_both_directions_deletes_only_files_that_one_side_deleted(
    agreed: dict[str, str], local: dict[str, str], remote: dict[str, str]
) -> None:
    sides = Sides(dict(agreed), dict(local), dict(remote))

    sides.run(Mode.BOTH)

    for path in local.keys() | remote.keys():
        is_changed = any(side.get(path) not in (None, agreed.get(path)) for side in (local, remote))
        is_on_both = path in local and path in remote
        assert (path in sides.local) == (is_changed or is_on_both)
        assert sides.local.get(path) in (None, local.get(path), remote.get(path))


@given(agreed=contents, local=contents, remote=contents, mode=st.sampled_from([Mode.PUSH, Mode.PULL]))
@settings(max_examples=examples(500))
def test_a_link_of_one_direction_changes_only_the_copy(
    agreed: dict[str, str], local: dict[str, str], remote: dict[str, str], mode: Mode
) -> None:
    sides = Sides(dict(agreed), dict(local), dict(remote))

    sides.run(mode)
    done = set(sides.done)
    source, copy = (sides.local, sides.remote) if mode is Mode.PUSH else (sides.remote, sides.local)
    before, copy_before = (local, remote) if mode is Mode.PUSH else (remote, local)

    assert source == before
    assert not done & (TAKING if mode is Mode.PUSH else SENDING)
    assert {**copy, **source} == copy  # the copy has all that the source has
    assert copy.keys() - source.keys() == copy_before.keys() - source.keys() - agreed.keys()
    sides.run(mode)
    assert sides.done == []
