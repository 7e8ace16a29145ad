"""Reading one level of a local folder, in portions."""

import os
from pathlib import Path

import pytest

from trackside.artifacts import folders
from trackside.artifacts.blobs import Entry

FILES = [f"file-{n:03}.txt" for n in range(100)]  # several portions


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text(name)


def read(folder: Path, *, most: float = 1000, without: str = "", follow: bool = False) -> folders.Content:
    opened = os.open(folder, os.O_RDONLY)
    try:
        return folders.read(opened, str(folder), lambda link, target: follow, most=most, without=without)
    finally:
        os.close(opened)


def entries(content: folders.Content) -> list[Entry]:
    return sorted(content.entries, key=lambda entry: entry.path)


def test_files_and_folders_have_their_sizes_in_any_number(tmp_path: Path) -> None:
    make(tmp_path, *FILES, "a name with spaces.txt")
    (tmp_path / "inner").mkdir()
    (tmp_path / "grüße").mkdir()  # no plain name

    found = read(tmp_path)

    files = [Entry(name, False, len(name)) for name in ("a name with spaces.txt", *FILES)]
    assert entries(found) == [*files, Entry("grüße", True), Entry("inner", True)]
    assert (found.is_whole, found.links) == (True, set())


@pytest.mark.parametrize("follow", [False, True])
def test_special_files_invalid_names_and_refused_links_hide_no_other_entry(tmp_path: Path, *, follow: bool) -> None:
    make(tmp_path, *FILES, "back\\slash", "left out")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(FILES[0])
    (tmp_path / "dangling").symlink_to("none")

    found = read(tmp_path, without="left out", follow=follow)

    linked = [Entry("link", False, len(FILES[0]))] if follow else []
    assert entries(found) == [*(Entry(name, False, len(name)) for name in FILES), *linked]
    assert "link" in found.links if follow else found.links == set()


def test_files_that_are_deleted_during_the_reading_are_omitted(tmp_path: Path) -> None:
    """When the link is read, the system has already given the names of all files."""
    make(tmp_path, *FILES)
    (tmp_path / "link").symlink_to("none")
    opened = os.open(tmp_path, os.O_RDONLY)

    def delete(link: str, target: str) -> bool:
        for name in FILES:
            (tmp_path / name).unlink(missing_ok=True)
        return False

    try:
        found = folders.read(opened, str(tmp_path), delete)
    finally:
        os.close(opened)

    assert set(entries(found)) <= {Entry(name, False, len(name)) for name in FILES}
    assert found.is_whole


@pytest.mark.parametrize(("most", "is_whole"), [(len(FILES) - 1, False), (len(FILES), True)])
def test_at_most_so_many_entries_are_read(tmp_path: Path, most: int, *, is_whole: bool) -> None:
    make(tmp_path, *FILES)

    found = read(tmp_path, most=most)

    assert found.is_whole == is_whole
    assert len(found.entries) <= most
