"""Opens the store of the settings with the schema of this version.

The modules of a server take longer to load than the store takes to open, and the database, not Python, creates a new store: an
`Opening` opens it while the modules load.  So this module imports little.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from trackside.core.db import migrate
from trackside.core.db.sqlite import SqliteDatabase
from trackside.core.settings import Settings, SqliteStore
from trackside.experiments import store as experiments
from trackside.workspaces import store as workspaces

if TYPE_CHECKING:  # needs an extra
    from trackside.core.db.pg.setup import Connect

ABANDON_S = 5.0  # an abandoned opening may take this long

_log = logging.getLogger(__name__)


def open_database(
    settings: Settings, connected: Callable[[], None] = lambda: None, connect: "Connect | None" = None
) -> Any:
    """Return the store, with its default workspace and experiment; make or upgrade its schema first.

    `connected` is called when the driver is loaded and PostgreSQL is connected: what follows is the database's work.
    `connect` makes the connections to PostgreSQL, in place of `core.db.pg.setup.connect`."""
    if isinstance(settings.store, SqliteStore):
        connected()  # its driver is loaded
        db: Any = SqliteDatabase(settings.store.path, settings.durability)
    else:
        from trackside.core.db.postgres import PostgresDatabase  # noqa: PLC0415  # needs an extra

        more = {} if connect is None else {"connect": connect}
        db = PostgresDatabase(settings.store, settings.durability, **more)
        connected()
    try:
        done = migrate.upgrade(db, settings.backups)
        if done.backup is not None:
            _log.warning("The store was upgraded; what it was before is in %s", done.backup)
        with db.write(workspaces.DEFAULT_WORKSPACE_ID) as tx:
            workspaces.create_default(tx)
            experiments.create_default(tx, settings.default_artifact_root)
    except BaseException:
        db.close()
        raise
    return db


class Opening:
    """Runs `open_database` in a thread, which starts at once."""

    def __init__(self, settings: Settings, connect: "Connect | None" = None) -> None:
        self._settings = settings
        self._connect = connect
        self._opened: Future[Any] = Future()
        self._connected = threading.Event()
        self._is_taken = False
        self._thread = threading.Thread(target=self._open, name="trackside-opening", daemon=True)
        self._thread.start()

    def wait_for_connection(self) -> None:
        """Wait until Python has done its part of the opening.  Two threads that load modules take turns, so loading others
        before that keeps the database waiting."""
        self._connected.wait()

    def take(self) -> Any:
        """Wait for the store and return it; raise the error of its opening.  The caller closes the store."""
        db = self._opened.result()
        self._is_taken = True
        return db

    def abandon(self) -> None:
        """Close the store if it was not taken.  An opening that still hangs after ABANDON_S ends with the process, and the
        database rolls back."""
        self._thread.join(ABANDON_S)
        if self._is_taken or not self._opened.done():
            return
        with suppress(BaseException):  # `take` raises the error of the opening
            self._opened.result().close()

    def _open(self) -> None:
        try:
            self._opened.set_result(open_database(self._settings, self._connected.set, self._connect))
        except BaseException as error:  # noqa: BLE001  # it is raised where the store is taken
            self._opened.set_exception(error)
        finally:
            self._connected.set()
