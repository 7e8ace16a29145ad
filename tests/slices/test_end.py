"""The end of a server without its socket (app)."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from support.links import LIMIT_S
from trackside import app
from trackside.core.errors import Unavailable
from trackside.core.http.routes import Table
from trackside.core.settings import Settings, SqliteStore

OPEN_FILES = Path("/proc/self/fd")


def remove_store(settings: Settings) -> Path:
    """Remove the file of the store, so that the counts of the last minute cannot be written.  Return its path."""
    assert isinstance(settings.store, SqliteStore)
    settings.store.path.unlink()
    return settings.store.path


def threads_of_server() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name.startswith("trackside-")}


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="the open files are read in /proc")
def test_a_failing_closer_does_not_prevent_the_others(sqlite_settings: Settings) -> None:
    before = threads_of_server()
    made = app.build(sqlite_settings)
    path = remove_store(sqlite_settings)

    with pytest.raises(Unavailable, match="was deleted"):
        made.close()

    still_open = [str(each.readlink()) for each in OPEN_FILES.iterdir() if each.is_symlink()]
    for thread in threads_of_server() - before:
        thread.join(LIMIT_S)  # that of a loop that rests may have left the loop and not ended yet
    assert threads_of_server() - before == set()
    assert [each for each in still_open if each.startswith(str(path))] == []


def test_the_first_error_is_raised_when_all_is_closed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closers: list[Callable[[], object]] = [
        partial((tmp_path / "second").rmdir),
        closed.rmdir,
        partial((tmp_path / "first").rmdir),
    ]
    leavers = [partial((tmp_path / "leaver").unlink)]

    with pytest.raises(FileNotFoundError, match="leaver"):
        app.App(None, Table([]), closers, leavers).close()

    assert not closed.exists()
    assert [name for name in ("leaver", "first", "second") if name in caplog.text] == ["first", "second"]
