"""Faults that only a folder has: links, special files, leftovers, several processes, a full disk."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.processes.servers import limited_environment
from support.runner.examples import NOT_CHECKED_WITH_FIXTURE, examples
from trackside.artifacts.blobs import Entry, get, put
from trackside.artifacts.local import GLANCED, STAGING, LocalBlobs
from trackside.artifacts.roots import make_blobs
from trackside.core.errors import Fault, Invalid, NotFound, Unavailable
from trackside.core.locations import LocationError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "store"


@pytest.fixture
def blobs(root: Path) -> LocalBlobs:
    made = LocalBlobs(root)
    made.prepare()
    return made


def test_a_file_lies_where_its_key_says(blobs: LocalBlobs, root: Path) -> None:
    put(blobs, "1/run/artifacts/file", [[b"one"]])

    assert (root / "1/run/artifacts/file").read_bytes() == b"one"
    assert (root / "1/run/artifacts/file").stat().st_mode & 0o777 == 0o600


def test_symbolic_links_out_of_the_folder_are_neither_followed_nor_listed(
    blobs: LocalBlobs, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (root / "run").mkdir()
    (root / "run" / "folder").symlink_to(outside)
    (root / "run" / "file").symlink_to(outside / "secret")
    (root / "run" / "nothing").symlink_to(outside / "nothing")

    assert blobs.entries("run") == []
    assert list(blobs.walk("")) == []
    for key in ("run/file", "run/folder/secret", "run/folder"):
        with pytest.raises(Invalid):
            blobs.open(key)
    with pytest.raises(Invalid):
        blobs.entries("run/folder")
    with pytest.raises(Invalid):
        put(blobs, "run/folder/new", [[b"x"]])
    with pytest.raises(Invalid):
        put(blobs, "run/folder/deep/new", [[b"x"]])
    with pytest.raises(Invalid):
        blobs.delete("run/folder/secret")
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"secret": "secret"}


@pytest.mark.skipif(sys.platform != "linux", reason="a link that cannot be read is one of /proc")
def test_a_link_that_is_removed_during_a_listing_hides_no_other_file(
    blobs: LocalBlobs, root: Path, tmp_path: Path
) -> None:
    """The link to the program of an ended process exists and cannot be read, like a link that another process removes."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    try:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        put(blobs, "run/file", [[b"one"]])
        (root / "run" / "link").symlink_to(f"/proc/{ended.pid}/exe")

        assert [entry.path for entry in blobs.entries("run")] == ["file"]
        with pytest.raises(Fault):
            blobs.open("run/link")
        with pytest.raises(LocationError):
            make_blobs(f"/proc/{ended.pid}/exe")
    finally:
        ended.wait()


def test_a_write_replaces_a_link_and_a_delete_removes_the_link_and_not_its_target(
    blobs: LocalBlobs, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").write_text("outside")
    for name in ("replaced", "deleted"):
        (root / name).symlink_to(tmp_path / "outside")

    put(blobs, "replaced", [[b"mine"]])
    blobs.delete("deleted")

    assert (tmp_path / "outside").read_text() == "outside"
    assert get(blobs, "replaced") == b"mine"
    assert not (root / "deleted").is_symlink()


def test_links_inside_the_folder_are_followed_and_cycles_end(blobs: LocalBlobs, root: Path) -> None:
    put(blobs, "run/file", [[b"one"]])
    (root / "run" / "again").symlink_to(root / "run")
    (root / "run" / "alias").symlink_to("file")

    assert get(blobs, "run/again/again/alias") == b"one"
    assert [entry.path for entry in blobs.entries("run")] == ["again", "alias", "file"]
    assert sorted(entry.path for entry in blobs.walk("")) == ["run/alias", "run/file"]


def test_special_files_are_not_found(blobs: LocalBlobs, root: Path) -> None:
    os.mkfifo(root / "pipe")

    with pytest.raises(NotFound):
        blobs.open("pipe")
    assert blobs.entries("") == []


def test_files_with_names_that_are_not_keys_are_not_found(blobs: LocalBlobs, root: Path) -> None:
    put(blobs, "run/model.bin", [[b"1"]])
    for name in (b"caf\xe9.txt", b"a\\b", b"caf\xe9/x"):
        path = os.path.join(os.fsencode(root), b"run", name)  # noqa: PTH118  # which has no bytes
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(b"2")

    assert [entry.path for entry in blobs.entries("run")] == ["model.bin"]
    assert [entry.path for entry in blobs.walk("run")] == ["model.bin"]


def test_an_unmounted_folder_is_not_created_again(blobs: LocalBlobs, root: Path) -> None:
    put(blobs, "a/b", [[b"x"]])
    root.rename(root.with_name("unmounted"))

    with pytest.raises(Unavailable, match="is its disk mounted"):
        put(blobs, "a/c", [[b"x"]])

    assert not root.exists()


def test_a_folder_at_the_path_of_a_file_is_reported(blobs: LocalBlobs) -> None:
    put(blobs, "run/file", [[b"one"]])

    for key in ("run", "run/file/below", "run/file/below/deeper"):
        with pytest.raises(Invalid, match="is a folder, or lies below a file"):
            put(blobs, key, [[b"two"]])
    assert get(blobs, "run/file") == b"one"
    assert list(_staged(blobs).iterdir()) == []


def test_staged_files_of_killed_processes_are_removed_and_others_kept(root: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from trackside.artifacts.local import LocalBlobs
upload = LocalBlobs(Path({str(root)!r})).create("file")
upload.write([b"half"])
print("staged", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "staged\n"
        blobs = LocalBlobs(root)

        blobs.prepare()
        while_it_lives = [path for path in (root / STAGING).rglob("*") if path.is_file()]
        writer.kill()
        writer.wait()
        blobs.prepare()

    assert len(while_it_lives) == 1
    assert list((root / STAGING).iterdir()) == []
    assert blobs.entries("") == []


def test_a_closed_store_leaves_no_staging_folder(blobs: LocalBlobs, root: Path) -> None:
    put(blobs, "file", [[b"one"]])
    blobs.close()

    assert [path.name for path in root.iterdir()] == ["file"]


def test_a_removed_staging_folder_is_created_again(blobs: LocalBlobs, root: Path) -> None:
    put(blobs, "one", [[b"1"]])
    staged = _staged(blobs)
    staged.rmdir()
    staged.parent.rmdir()

    put(blobs, "two", [[b"2"]])

    assert [entry.path for entry in blobs.entries("")] == ["one", "two"]
    assert blobs.delete("one")


def test_concurrent_uploads_and_deletions_of_one_tree_do_not_fail(blobs: LocalBlobs) -> None:
    faults: list[Fault] = []

    def work(name: str) -> None:
        try:
            for i in range(60):
                put(blobs, f"run/{i % 3}/{name}", [[b"x"]])
                if i % 5 == 0:
                    blobs.delete("run")
        except Fault as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    assert all(entry.size_bytes == 1 for entry in blobs.walk(""))


def test_a_full_disk_is_reported_and_leaves_no_file(root: Path) -> None:
    """A limit on the size of files fails in the same call as a full disk, for every user."""
    program = f"""
import resource, signal, sys
from pathlib import Path
from trackside.artifacts.blobs import put
from trackside.artifacts.local import LocalBlobs
from trackside.core.errors import Unavailable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
blobs = LocalBlobs(Path({str(root)!r}))
try:
    put(blobs, "file", [[b"x" * (1 << 19)]] * 5)
except Unavailable as fault:
    print(fault.message)
print(blobs.entries(""), len(list(Path({str(root)!r}).glob(".uploads/*/*"))))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=limited_environment(), capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == ["The artifact store cannot write 'file': File too large", "[] 0"]


@settings(max_examples=examples(200), suppress_health_check=NOT_CHECKED_WITH_FIXTURE)
@given(st.one_of(st.text(max_size=12), st.text("./\\ab%\0", max_size=12)))
def test_no_key_accesses_files_outside_of_the_folder(blobs: LocalBlobs, root: Path, tmp_path: Path, key: str) -> None:
    try:
        put(blobs, key, [[b"x"]])
    except Fault:
        pass
    else:
        assert key.rpartition("/")[2] in [entry.path for entry in blobs.entries(key.rpartition("/")[0])]
        blobs.delete(key.partition("/")[0])

    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["store"]


def test_an_empty_folder_is_listed_as_one(blobs: LocalBlobs, root: Path) -> None:
    (root / "empty").mkdir()

    assert blobs.entries("") == [Entry("empty", is_folder=True)]


def test_a_repeated_deletion_removes_the_folders_that_a_killed_one_left(blobs: LocalBlobs, root: Path) -> None:
    (root / "1/run").mkdir(parents=True)
    (root / "1/other").mkdir()

    assert not blobs.delete("1/run/artifacts")

    assert [path.name for path in (root / "1").iterdir()] == ["other"]


def _staged(blobs: LocalBlobs) -> Path:
    (folder,) = blobs._tree.staging.iterdir()
    return folder


def test_a_glance_lists_a_small_folder_as_a_whole_listing_does(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.prepare()
    for key in ("r/b.txt", "r/a.txt", "r/sub/c.txt"):
        put(blobs, key, [[b"x"]])

    found = blobs.glance("r", limit_s=60)

    assert found is not None
    assert [entry.path for entry in found] == ["a.txt", "b.txt", "sub"]
    assert found == blobs.entries("r")
    assert blobs.glance("none", limit_s=60) == []


def test_a_glance_leaves_a_large_folder_to_a_thread(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    (tmp_path / "r").mkdir()
    for n in range(GLANCED + 1):
        (tmp_path / "r" / str(n)).touch()

    assert blobs.glance("r", limit_s=60) is None
    assert len(blobs.entries("r")) == GLANCED + 1
