"""A read-only connection to another application's PostgreSQL database.  It needs the extra `trackside[postgres]`."""

from typing import Any

from trackside.core.db.pg.connect import Lost
from trackside.core.db.pg.wire import ServerError, Wire
from trackside.core.db.tx import Row
from trackside.core.errors import Fault
from trackside.core.locations import PostgresStore
from trackside.imports.source import SourceError


class PostgresRows:
    def __init__(self, store: PostgresStore) -> None:
        self._name = str(store)
        try:
            self._wire = Wire(store)
            self._wire.command("SET default_transaction_read_only = on")
        except (Lost, ServerError) as error:
            raise SourceError(f"{self._name} cannot be opened: {error}") from None

    def all(self, sql: str, *values: Any) -> list[Row]:
        head, *parts = sql.split("?")
        text = head + "".join(f"${number}{snapshot}" for number, snapshot in enumerate(parts, 1))
        try:
            return self._wire.execute(text, values).rows
        except (Lost, ServerError, Fault) as error:
            raise SourceError(f"{self._name} cannot be read: {error}") from None

    def columns(self, table: str) -> set[str]:
        rows = self.all(
            """
            SELECT CAST(column_name AS TEXT) FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name = ?
            """,
            table,
        )
        return {name for (name,) in rows}

    def close(self) -> None:
        self._wire.close()
