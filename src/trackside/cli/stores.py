"""The store that the settings name, opened for a look, and in words when it cannot be.  Knows no table."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from trackside.cli.output import Stop
from trackside.core.db.migrate import SchemaError
from trackside.core.db.sqlite import SqliteDatabase
from trackside.core.locations import LocationError
from trackside.core.settings import Settings, SqliteStore

_EXTRAS = {"pg8000": "postgres", "obstore": "cloud"}


@contextmanager
def explained(settings: Settings) -> Iterator[None]:
    """Failures that an operator can mend become one line; others stay what they are."""
    try:
        yield
    except SchemaError as fault:
        raise Stop(f"the store {settings.store} cannot be served: {fault}") from fault
    except ModuleNotFoundError as fault:
        extra = _EXTRAS.get((fault.name or "").partition(".")[0])
        if extra is None:
            raise
        raise Stop(f"this needs the package {fault.name}; run: pip install 'trackside[{extra}]'") from fault
    except LocationError as fault:
        raise Stop(f"--artifacts is {str(settings.artifacts)!r}; {fault}") from fault
    except PermissionError as fault:
        raise Stop(
            f"this user may not write to {fault.filename}; give it the right, or choose another place"
        ) from fault
    except (sqlite3.Error, OSError, RuntimeError) as fault:
        raise Stop(f"the store {settings.store} cannot be opened ({_words(fault)})") from fault
    except Exception as fault:
        if not type(fault).__module__.startswith("pg8000"):
            raise
        raise Stop(f"the store {settings.store} cannot be opened ({_words(fault)})") from fault


@contextmanager
def opened(settings: Settings) -> Iterator[Any]:
    """The database as it is: nothing is upgraded."""
    with explained(settings):
        db = _open(settings)
        try:
            yield db
        finally:
            db.close()


def _open(settings: Settings) -> Any:
    if isinstance(settings.store, SqliteStore):
        return SqliteDatabase(settings.store.path, settings.durability)
    postgres = import_module("trackside.core.db.postgres")  # its driver is an extra
    return postgres.PostgresDatabase(settings.store, settings.durability)


def _words(fault: Exception) -> str:
    first = fault.args[0] if fault.args else None
    if isinstance(first, dict):  # PostgreSQL's fields: M is the message
        return str(first.get("M", first))
    return str(fault) or type(fault).__name__
