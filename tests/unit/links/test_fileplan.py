"""The transfers and deletions of files: each rule of `file_plan`, in every mode."""

import pytest

from trackside.sync.document import Mode
from trackside.sync.file_plan import (
    FileAction,
    FileState,
    Known,
    Step,
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
) -> tuple[FileAction, str] | None:
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


def test_a_file_that_is_unchanged_on_both_sides_stays(subtests: pytest.Subtests) -> None:
    for mode in ALL:
        with subtests.test(mode=mode):
            assert decided(mode, AGREED, OURS, THEIRS) is None


@pytest.mark.parametrize(
    ("mode", "what"), [(Mode.PUSH, FileAction.SEND), (Mode.PULL, FileAction.TAKE), (Mode.BOTH, FileAction.SEND)]
)
def test_a_local_change_is_sent_unless_the_link_only_pulls(mode: Mode, what: FileAction) -> None:
    assert decided(mode, AGREED, OURS_NOW, THEIRS, ("s2", "s1")) == (what, "")
    assert decided(mode, AGREED, LocalFile(4, "e2"), THEIRS) == (what, "")


@pytest.mark.parametrize(
    ("mode", "what"), [(Mode.PUSH, FileAction.SEND), (Mode.PULL, FileAction.TAKE), (Mode.BOTH, FileAction.TAKE)]
)
def test_a_remote_change_is_fetched_unless_the_link_only_pushes(mode: Mode, what: FileAction) -> None:
    assert decided(mode, AGREED, OURS, THEIRS_NOW, ("s1", "s2")) == (what, "")
    assert decided(mode, AGREED, OURS, RemoteFile(4, "", "r2")) == (what, "")


def test_a_file_that_was_rewritten_unchanged_is_recorded_and_not_sent(subtests: pytest.Subtests) -> None:
    for mode in ALL:
        with subtests.test(mode=mode):
            assert decided(mode, AGREED, OURS_NOW, THEIRS_NOW, ("s1", "s1")) == (FileAction.SAME, "")
            assert decided(mode, None, OURS, THEIRS, ("s1", "s1")) == (FileAction.SAME, "")


def test_without_checksums_files_of_equal_size_are_equal_unless_the_local_one_changed() -> None:
    assert decided(Mode.BOTH, None, OURS, THEIRS, None) == (FileAction.SAME, "")
    assert decided(Mode.BOTH, AGREED, OURS, THEIRS_NOW, None) == (FileAction.SAME, "")
    assert decided(Mode.BOTH, AGREED, OURS_NOW, THEIRS, None) == (FileAction.SEND, "")


def test_of_two_changed_files_the_larger_one_is_kept() -> None:
    said = f"both sides changed the file {PATH}: "

    assert decided(Mode.BOTH, AGREED, LocalFile(5, "e2"), RemoteFile(4, "", "r2")) == (
        FileAction.SEND,
        f"{said}the local one is larger and is kept",
    )
    assert decided(Mode.BOTH, AGREED, LocalFile(4, "e2"), RemoteFile(5, "", "r2")) == (
        FileAction.TAKE,
        f"{said}the remote one is larger and is kept",
    )


def test_of_two_changed_files_of_equal_size_the_last_checksum_is_kept() -> None:
    said = f"both sides changed the file {PATH}: "

    assert decided(Mode.BOTH, AGREED, OURS_NOW, THEIRS_NOW, ("s3", "s2")) == (
        FileAction.SEND,
        f"{said}the local one has the greater SHA-256 and is kept",
    )
    assert decided(Mode.BOTH, AGREED, OURS_NOW, THEIRS_NOW, ("s2", "s3")) == (
        FileAction.TAKE,
        f"{said}the remote one has the greater SHA-256 and is kept",
    )


def test_a_checksum_shows_which_side_changed_a_file() -> None:
    assert decided(Mode.BOTH, AGREED, OURS_NOW, THEIRS_NOW, ("s1", "s2")) == (FileAction.TAKE, "")
    assert decided(Mode.BOTH, AGREED, OURS_NOW, THEIRS_NOW, ("s2", "s1")) == (FileAction.SEND, "")


def test_without_an_agreed_checksum_etags_show_which_side_changed_a_file() -> None:
    unread = Known(PATH, 3, "e1", "", "r1")

    assert decided(Mode.BOTH, unread, OURS_NOW, THEIRS, ("a", "b")) == (FileAction.SEND, "")
    assert decided(Mode.BOTH, unread, OURS, THEIRS_NOW, ("a", "b")) == (FileAction.TAKE, "")


@pytest.mark.parametrize(
    ("mode", "what"), [(Mode.PUSH, (FileAction.SEND, "")), (Mode.PULL, None), (Mode.BOTH, (FileAction.SEND, ""))]
)
def test_a_new_local_file_is_sent_if_the_link_pushes(mode: Mode, what: tuple[FileAction, str] | None) -> None:
    assert decided(mode, None, OURS, None) == what


@pytest.mark.parametrize(
    ("mode", "what"), [(Mode.PUSH, None), (Mode.PULL, (FileAction.TAKE, "")), (Mode.BOTH, (FileAction.TAKE, ""))]
)
def test_a_new_remote_file_is_fetched_if_the_link_pulls(mode: Mode, what: tuple[FileAction, str] | None) -> None:
    assert decided(mode, None, None, THEIRS) == what


@pytest.mark.parametrize(
    ("mode", "what"),
    [(Mode.PUSH, FileAction.SEND), (Mode.PULL, FileAction.DROP_HERE), (Mode.BOTH, FileAction.DROP_HERE)],
)
def test_a_file_removed_remotely_is_removed_locally_unless_the_link_only_pushes(mode: Mode, what: FileAction) -> None:
    assert decided(mode, AGREED, OURS, None) == (what, "")


@pytest.mark.parametrize(
    ("mode", "what"),
    [(Mode.PUSH, FileAction.DROP_THERE), (Mode.PULL, FileAction.TAKE), (Mode.BOTH, FileAction.DROP_THERE)],
)
def test_a_file_removed_locally_is_removed_remotely_unless_the_link_only_pulls(mode: Mode, what: FileAction) -> None:
    assert decided(mode, AGREED, None, THEIRS) == (what, "")


def test_a_file_that_one_side_removed_and_the_other_changed_is_kept_and_reported() -> None:
    assert decided(Mode.BOTH, AGREED, OURS_NOW, None) == (
        FileAction.SEND,
        f"the file {PATH} was removed on the remote and changed in this workspace: it is kept",
    )
    assert decided(Mode.BOTH, AGREED, None, THEIRS_NOW) == (
        FileAction.TAKE,
        f"the file {PATH} was removed in this workspace and changed on the remote: it is kept",
    )


def test_in_a_link_of_one_direction_a_changed_copy_is_not_kept() -> None:
    assert decided(Mode.PULL, AGREED, OURS_NOW, None) == (FileAction.DROP_HERE, "")
    assert decided(Mode.PUSH, AGREED, None, THEIRS_NOW) == (FileAction.DROP_THERE, "")


@pytest.mark.parametrize(
    ("mode", "what"), [(Mode.PUSH, (FileAction.SEND, "")), (Mode.PULL, None), (Mode.BOTH, (FileAction.SEND, ""))]
)
def test_a_file_lost_remotely_is_kept_locally_and_sent_again(mode: Mode, what: tuple[FileAction, str] | None) -> None:
    lost = Known(PATH, 3, "e1", "s1", FileState.LOST)

    assert decided(mode, lost, OURS, None) == what
    assert decided(mode, lost, OURS_NOW, None) == what


@pytest.mark.parametrize(
    ("mode", "what"), [(Mode.PUSH, None), (Mode.PULL, (FileAction.TAKE, "")), (Mode.BOTH, (FileAction.TAKE, ""))]
)
def test_a_file_lost_locally_is_kept_remotely_and_fetched_again(
    mode: Mode, what: tuple[FileAction, str] | None
) -> None:
    assert decided(mode, Known(PATH, 3, FileState.LOST, "s1", "r1"), None, THEIRS) == what


@pytest.mark.parametrize(("mode", "comes"), [(Mode.PUSH, False), (Mode.BOTH, True)])
def test_a_file_that_the_remote_cannot_remove_is_fetched_again_only_after_a_change(mode: Mode, comes: bool) -> None:
    stays = Known(PATH, 3, FileState.STAYS, "s1", "r1")

    assert decided(mode, stays, None, THEIRS) is None
    assert decided(mode, stays, None, THEIRS_NOW) == ((FileAction.TAKE, "") if comes else None)


def test_the_record_of_a_file_that_neither_side_has_is_deleted(subtests: pytest.Subtests) -> None:
    for mode in ALL:
        with subtests.test(mode=mode):
            assert decided(mode, AGREED, None, None) == (FileAction.FORGET, "")


def test_files_to_be_verified_are_read_on_both_sides(subtests: pytest.Subtests) -> None:
    for mode in ALL:
        with subtests.test(mode=mode):
            unsure = Known(PATH, 3, FileState.UNSURE, "s1", FileState.UNSURE)

            assert decided(mode, unsure, OURS, THEIRS, ("s1", "s1")) == (FileAction.SAME, "")


def test_of_indistinguishable_files_the_copy_is_replaced() -> None:
    unsure = Known(PATH, 3, FileState.UNSURE, "s1", FileState.UNSURE)
    said = f"both sides changed the file {PATH}: the remote one cannot be compared by SHA-256 and is kept"

    assert decided(Mode.PUSH, unsure, OURS, THEIRS, None) == (FileAction.SEND, "")
    assert decided(Mode.PULL, unsure, OURS, THEIRS, None) == (FileAction.TAKE, "")
    assert decided(Mode.BOTH, unsure, OURS, THEIRS, None) == (FileAction.TAKE, said)


def test_files_of_a_remote_without_etags_are_compared_by_size() -> None:
    silent = Known(PATH, 3, "e1", "s1", "")

    assert decided(Mode.BOTH, silent, OURS, RemoteFile(3)) is None
    assert decided(Mode.BOTH, silent, OURS, RemoteFile(4)) == (FileAction.TAKE, "")


def test_paths_are_returned_in_order_and_once() -> None:
    steps = plan(
        Mode.BOTH,
        {"b": Known("b", 1, "e", "", "r"), "d": Known("d", 1, "e", "", "r")},
        {"a": OURS, "b": LocalFile(1, "e")},
        {"c": THEIRS, "b": RemoteFile(1, "", "r")},
        lambda _: None,
    )

    assert list(steps) == [Step(FileAction.SEND, "a"), Step(FileAction.TAKE, "c"), Step(FileAction.FORGET, "d")]


def test_a_push_without_a_comparison_sends_new_files_and_deletes_removed_ones() -> None:
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
        Step(FileAction.DROP_THERE, "gone"),
        Step(FileAction.SEND, "new"),
        Step(FileAction.SEND, "other"),
        Step(FileAction.DROP_THERE, "removed"),
        Step(FileAction.SEND, "unsent"),
    ]


def test_a_folder_is_skipped_while_a_file_in_it_is_unchanged() -> None:
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


def test_a_remote_folder_is_skipped_while_a_file_in_it_may_be_unchanged() -> None:
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
