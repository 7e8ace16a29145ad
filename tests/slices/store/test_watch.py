"""The file of a SQLite store is watched by the ctime of its folder: a removal or replacement is detected at the next commit."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from trackside.core.db.sqlite_file import SETTLED_NS, Watch
from trackside.core.errors import Unavailable


def make_store(folder: Path) -> Path:
    folder.mkdir()
    path = folder / "store.db"
    for name in (path, Path(f"{path}-wal")):
        name.write_bytes(b"x")
    return path


def watch(path: Path, since_ns: int = SETTLED_NS + 1) -> Watch:
    """A watch that has looked twice, where the folder had not changed for so long."""
    changed_ns = path.parent.stat().st_ctime_ns
    made = Watch(path, lambda: changed_ns + since_ns)
    made.begin()
    made.check()
    made.check()
    return made


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"y")
    other.replace(path)


def restore(path: Path) -> None:
    """As `tar` and `rsync -a` do, which give the folder the time that it had when it was copied."""
    before = path.parent.stat()
    replace(path)
    os.utime(path.parent, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_the_folder(path: Path) -> None:
    before = path.parent.stat()
    path.parent.rename(path.parent.with_name("elsewhere"))
    make_store(path.parent)
    os.utime(path.parent, ns=(before.st_atime_ns, before.st_mtime_ns))


HARMS: list[Callable[[Path], object]] = [
    lambda path: path.unlink(),
    lambda path: Path(f"{path}-wal").unlink(),
    lambda path: path.rename(path.with_name("moved")),
    lambda path: path.parent.rename(path.parent.with_name("elsewhere")),
    replace,
    lambda path: replace(Path(f"{path}-wal")),
    restore,
    replace_the_folder,
]


@pytest.mark.parametrize("since_ns", [0, SETTLED_NS + 1])
@pytest.mark.parametrize("harm", HARMS)
def test_a_removed_file_is_detected_at_once(tmp_path: Path, harm: Callable[[Path], object], since_ns: int) -> None:
    path = make_store(tmp_path / "data")
    watching = watch(path, since_ns)

    harm(path)

    for _ in range(2):
        with pytest.raises(Unavailable, match="deleted or replaced"):
            watching.check()


def test_other_files_of_the_folder_change_nothing(tmp_path: Path) -> None:
    path = make_store(tmp_path / "data")
    watching = watch(path)

    for _ in range(2):
        path.with_name("other").write_bytes(b"y")
        watching.check()
        path.with_name("other").unlink()
        watching.check()


def test_a_folder_that_has_just_changed_is_not_trusted(tmp_path: Path) -> None:
    """A second change in the same clock tick does not change the time of the folder."""
    path = make_store(tmp_path / "data")
    changed_ns = path.parent.stat().st_ctime_ns
    watching = Watch(path, lambda: changed_ns + SETTLED_NS, lambda _: (1, 1, changed_ns))
    watching.begin()
    watching.check()

    path.unlink()

    with pytest.raises(Unavailable):
        watching.check()


def test_a_link_to_a_file_of_another_folder_is_followed(tmp_path: Path) -> None:
    target = make_store(tmp_path / "target")
    path = make_store(tmp_path / "data")
    path.unlink()
    path.symlink_to(target)
    watching = watch(path)

    replace(target)

    with pytest.raises(Unavailable):
        watching.check()


def test_a_log_that_is_created_later_is_watched(tmp_path: Path) -> None:
    path = tmp_path / "data" / "store.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1")
    watching = watch(path)
    log = Path(f"{path}-wal")
    log.write_bytes(b"x")
    watching.check()

    log.unlink()

    with pytest.raises(Unavailable):
        watching.check()
