"""Which files go where: each rule of `fileplan`, in every mode."""

import pytest

from trackside.sync.document import Mode
from trackside.sync.file_plan import (
    FileState,
    Known,
    Step,
    What,
    blind,
    folder_of,
    folders_left,
    plan,
    remote_folders_left,
)
from trackside.sync.file_versions import LocalFile, RemoteFile

PATH = "a/b.txt"
OURS = LocalFile(3, "e1")
OURS_NOW = LocalFile(3, "e2")
THEIRS = RemoteFile(3, "", "r1")
THEIRS_NOW = RemoteFile(3, "", "r2")
AGREED = Known(PATH, 3, "e1", "s1", "r1")
ALL = tuple(Mode)


def decided(
    mode: Mode,
    old: Known | None,
    local_file: LocalFile | None,
    remote_file: RemoteFile | None,
    sums: tuple[str, str] | None = None,
) -> tuple[What, str] | None:
    """The step for one path, and whether it is said to be a conflict."""
    asked: list[str] = []

    def told(path: str) -> tuple[str, str] | None:
        asked.append(path)
        return sums

    steps = list(
        plan(
            mode,
            {} if old is None else {PATH: old},
            {} if local_file is None else {PATH: local_file},
            {} if remote_file is None else {PATH: remote_file},
            told,
        )
    )
    assert len(steps) <= 1
    assert set(asked) <= {PATH}
    assert {step.path for step in steps} <= {PATH}
    return (steps[0].what, steps[0].conflict) if steps else None


def test_what_both_have_as_it_was_stays(subtests: pytest.Subtests) -> None:
    for mode in ALL:
        with subtests.test(mode=mode):
            assert decided(mode, AGREED, OURS, THEIRS) is None


@pytest.mark.parametrize(("mode", "what"), [(Mode.PUSH, What.SEND), (Mode.PULL, What.TAKE), (Mode.BOTH, What.SEND)])
def test_what_changed_here_goes_there_unless_the_link_only_takes(mode: Mode, what: What) -> None:
    assert decided(mode, AGREED, OURS_NOW, THEIRS, ("s2", "s1")) == (what, "")
    assert decided(mode, AGREED, LocalFile(4, "e2"), THEIRS) == (what, "")


@pytest.mark.parametrize(("mode", "what"), [(Mode.PUSH, What.SEND), (Mode.PULL, What.TAKE), (Mode.BOTH, What.TAKE)])
def test_what_changed_there_comes_here_unless_the_link_only_sends(mode: Mode, what: What) -> None:
    assert decided(mode, AGREED, OURS, THEIRS_NOW, ("s1", "s2")) == (what, "")
    assert decided(mode, AGREED, OURS, RemoteFile(4, "", "r2")) == (what, "")


def test_what_was_written_again_as_it_was_is_remembered_and_not_sent(subtests: pytest.Subtests) -> None:
    for mode in ALL:
        with subtests.test(mode=mode):
            assert decided(mode, AGREED, OURS_NOW, THEIRS_NOW, ("s1", "s1")) == (What.SAME, "")
            assert decided(mode, None, OURS, THEIRS, ("s1", "s1")) == (What.SAME, "")


def test_where_nobody_can_tell_files_of_a_size_are_the_same_unless_ours_changed_since() -> None:
    assert decided(Mode.BOTH, None, OURS, THEIRS, None) == (What.SAME, "")
    assert decided(Mode.BOTH, AGREED, OURS, THEIRS_NOW, None) == (What.SAME, "")
    assert decided(Mode.BOTH, AGREED, OURS_NOW, THEIRS, None) == (What.SEND, "")


def test_of_a_file_that_both_changed_the_larger_one_is_kept() -> None:
    said = f"both sides changed the file {PATH}: "

    assert decided(Mode.BOTH, AGREED, LocalFile(5, "e2"), RemoteFile(4, "", "r2")) == (
        What.SEND,
        f"{said}the local one is larger and is kept",
    )
    assert decided(Mode.BOTH, AGREED, LocalFile(4, "e2"), RemoteFile(5, "", "r2")) == (
        What.TAKE,
        f"{said}the remote one is larger and is kept",
    )


def test_of_two_as_large_the_one_whose_checksum_sorts_last_is_kept() -> None:
    said = f"both sides changed the file {PATH}: "

    assert decided(Mode.BOTH, AGREED, OURS_NOW, THEIRS_NOW, ("s3", "s2")) == (
        What.SEND,
        f"{said}the local one has the greater SHA-256 and is kept",
    )
    assert decided(Mode.BOTH, AGREED, OURS_NOW, THEIRS_NOW, ("s2", "s3")) == (
        What.TAKE,
        f"{said}the remote one has the greater SHA-256 and is kept",
    )


def test_a_checksum_tells_which_side_changed_a_file_that_both_wrote() -> None:
    assert decided(Mode.BOTH, AGREED, OURS_NOW, THEIRS_NOW, ("s1", "s2")) == (What.TAKE, "")
    assert decided(Mode.BOTH, AGREED, OURS_NOW, THEIRS_NOW, ("s2", "s1")) == (What.SEND, "")


def test_without_a_checksum_of_what_was_agreed_etags_say_who_changed_it() -> None:
    unread = Known(PATH, 3, "e1", "", "r1")

    assert decided(Mode.BOTH, unread, OURS_NOW, THEIRS, ("a", "b")) == (What.SEND, "")
    assert decided(Mode.BOTH, unread, OURS, THEIRS_NOW, ("a", "b")) == (What.TAKE, "")


@pytest.mark.parametrize(
    ("mode", "what"), [(Mode.PUSH, (What.SEND, "")), (Mode.PULL, None), (Mode.BOTH, (What.SEND, ""))]
)
def test_a_new_file_of_ours_goes_where_the_link_sends(mode: Mode, what: tuple[What, str] | None) -> None:
    assert decided(mode, None, OURS, None) == what


@pytest.mark.parametrize(
    ("mode", "what"), [(Mode.PUSH, None), (Mode.PULL, (What.TAKE, "")), (Mode.BOTH, (What.TAKE, ""))]
)
def test_a_new_file_of_theirs_comes_where_the_link_takes(mode: Mode, what: tuple[What, str] | None) -> None:
    assert decided(mode, None, None, THEIRS) == what


@pytest.mark.parametrize(
    ("mode", "what"), [(Mode.PUSH, What.SEND), (Mode.PULL, What.DROP_HERE), (Mode.BOTH, What.DROP_HERE)]
)
def test_what_was_removed_there_goes_here_unless_we_are_the_source(mode: Mode, what: What) -> None:
    assert decided(mode, AGREED, OURS, None) == (what, "")


@pytest.mark.parametrize(
    ("mode", "what"), [(Mode.PUSH, What.DROP_THERE), (Mode.PULL, What.TAKE), (Mode.BOTH, What.DROP_THERE)]
)
def test_what_was_removed_here_goes_there_unless_they_are_the_source(mode: Mode, what: What) -> None:
    assert decided(mode, AGREED, None, THEIRS) == (what, "")


def test_what_one_side_removed_and_the_other_changed_is_kept_and_said() -> None:
    assert decided(Mode.BOTH, AGREED, OURS_NOW, None) == (
        What.SEND,
        f"the file {PATH} was removed on the remote and changed in this workspace: it is kept",
    )
    assert decided(Mode.BOTH, AGREED, None, THEIRS_NOW) == (
        What.TAKE,
        f"the file {PATH} was removed in this workspace and changed on the remote: it is kept",
    )


def test_in_a_link_of_one_direction_a_change_of_the_copy_is_no_reason_to_keep_it() -> None:
    assert decided(Mode.PULL, AGREED, OURS_NOW, None) == (What.DROP_HERE, "")
    assert decided(Mode.PUSH, AGREED, None, THEIRS_NOW) == (What.DROP_THERE, "")


@pytest.mark.parametrize(
    ("mode", "what"), [(Mode.PUSH, (What.SEND, "")), (Mode.PULL, None), (Mode.BOTH, (What.SEND, ""))]
)
def test_what_was_lost_there_stays_here_and_is_sent_again(mode: Mode, what: tuple[What, str] | None) -> None:
    lost = Known(PATH, 3, "e1", "s1", FileState.LOST)

    assert decided(mode, lost, OURS, None) == what
    assert decided(mode, lost, OURS_NOW, None) == what


@pytest.mark.parametrize(
    ("mode", "what"), [(Mode.PUSH, None), (Mode.PULL, (What.TAKE, "")), (Mode.BOTH, (What.TAKE, ""))]
)
def test_what_was_lost_here_stays_there_and_comes_back(mode: Mode, what: tuple[What, str] | None) -> None:
    assert decided(mode, Known(PATH, 3, FileState.LOST, "s1", "r1"), None, THEIRS) == what


@pytest.mark.parametrize(("mode", "comes"), [(Mode.PUSH, False), (Mode.BOTH, True)])
def test_what_we_removed_and_they_cannot_remove_comes_back_only_when_it_changes(mode: Mode, comes: bool) -> None:
    stays = Known(PATH, 3, FileState.STAYS, "s1", "r1")

    assert decided(mode, stays, None, THEIRS) is None
    assert decided(mode, stays, None, THEIRS_NOW) == ((What.TAKE, "") if comes else None)


def test_what_neither_side_has_any_more_is_forgotten(subtests: pytest.Subtests) -> None:
    for mode in ALL:
        with subtests.test(mode=mode):
            assert decided(mode, AGREED, None, None) == (What.FORGET, "")


def test_what_is_to_be_read_on_both_sides_is_read(subtests: pytest.Subtests) -> None:
    for mode in ALL:
        with subtests.test(mode=mode):
            unsure = Known(PATH, 3, FileState.UNSURE, "s1", FileState.UNSURE)

            assert decided(mode, unsure, OURS, THEIRS, ("s1", "s1")) == (What.SAME, "")


def test_where_nothing_tells_them_apart_the_copy_gives_way_and_theirs_is_kept_in_a_link_of_both() -> None:
    unsure = Known(PATH, 3, FileState.UNSURE, "s1", FileState.UNSURE)
    said = f"both sides changed the file {PATH}: the remote one cannot be compared by SHA-256 and is kept"

    assert decided(Mode.PUSH, unsure, OURS, THEIRS, None) == (What.SEND, "")
    assert decided(Mode.PULL, unsure, OURS, THEIRS, None) == (What.TAKE, "")
    assert decided(Mode.BOTH, unsure, OURS, THEIRS, None) == (What.TAKE, said)


def test_a_remote_without_etags_is_told_by_its_sizes() -> None:
    silent = Known(PATH, 3, "e1", "s1", "")

    assert decided(Mode.BOTH, silent, OURS, RemoteFile(3)) is None
    assert decided(Mode.BOTH, silent, OURS, RemoteFile(4)) == (What.TAKE, "")


def test_paths_come_in_their_order_each_once() -> None:
    steps = plan(
        Mode.BOTH,
        {"b": Known("b", 1, "e", "", "r"), "d": Known("d", 1, "e", "", "r")},
        {"a": OURS, "b": LocalFile(1, "e")},
        {"c": THEIRS, "b": RemoteFile(1, "", "r")},
        lambda _: None,
    )

    assert list(steps) == [Step(What.SEND, "a"), Step(What.TAKE, "c"), Step(What.FORGET, "d")]


def test_a_push_that_does_not_look_sends_what_is_new_and_drops_what_was_removed() -> None:
    known = {
        path: Known(path, 1, etag, "", "r")
        for path, etag in (
            ("same", "e"),
            ("other", "e"),
            ("gone", "e"),
            ("stays", FileState.STAYS),
            ("lost", FileState.LOST),
        )
    }
    known |= {"removed": Known("removed", 1, FileState.REMOVED), "unsent": Known("unsent", 1, FileState.UNSENT)}
    local = {
        "same": LocalFile(1, "e"),
        "other": LocalFile(1, "f"),
        "new": LocalFile(1, "g"),
        "unsent": LocalFile(1, "u"),
    }

    assert list(blind(known, local)) == [
        Step(What.DROP_THERE, "gone"),
        Step(What.SEND, "new"),
        Step(What.SEND, "other"),
        Step(What.DROP_THERE, "removed"),
        Step(What.SEND, "unsent"),
    ]


def test_a_folder_is_left_as_long_as_a_file_in_it_or_below_it_is_as_it_was() -> None:
    known = {
        "a/b/c.txt": Known("a/b/c.txt", 3, "e1"),
        "a/b/d.txt": Known("a/b/d.txt", 3, "e1"),
        "changed/x": Known("changed/x", 3, "old"),
        "unsure/same": Known("unsure/same", 3, FileState.UNSURE),
        "unsure-too/other": Known("unsure-too/other", 4, FileState.UNSURE),
        "gone/x": Known("gone/x", 3, "e1"),
    }
    local = {path: OURS for path in known if path != "gone/x"} | {"new/x": OURS}

    assert folders_left(known, local) == {"a/b", "a", "unsure", ""}
    assert folders_left({}, local) == set()


def test_a_folder_there_is_left_as_long_as_a_file_in_it_may_be_as_it_was() -> None:
    known = {
        "same/x": Known("same/x", 3, "", "", "r1"),
        "unsure/x": Known("unsure/x", 3, "", "", FileState.UNSURE),
        "changed/x": Known("changed/x", 3, "", "", "r0"),
        "larger/x": Known("larger/x", 2, "", "", "r1"),
        "gone/x": Known("gone/x", 3, "", "", "r1"),
    }
    remote = {path: THEIRS for path in known if path != "gone/x"}

    assert remote_folders_left(known, remote) == {"same", "unsure", ""}


@pytest.mark.parametrize(("path", "folder"), [("a/b/c", "a/b"), ("a", ""), ("", "")])
def test_the_folder_of_a_path(path: str, folder: str) -> None:
    assert folder_of(path) == folder
