"""Write the result as a table of Spark's catalog.

The rows are written to a staged table beside the target.  When all of them are there, the staged table gets the target's name,
so no reader sees a part of the result.  The properties of the table name the job: the same job writes it once.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any, NamedTuple

from trackside.scorer.batch.order import Order, OrderError
from trackside.scorer.batch.spark import session

JOB, MODEL, ROWS, FAILED_ROWS = "trackside.job", "trackside.model", "trackside.rows", "trackside.failed_rows"
STAGED, REPLACED = "staged", "replaced"
_VIEWS = ("VIEW", "TEMPORARY")


class Counts(NamedTuple):
    """The rows of a result, and those that failed."""

    rows: int
    failed: int


class Target:
    """The table that an order names, and the tables that its job has beside the target."""

    def __init__(self, spark: Any, order: Order) -> None:
        self._spark = spark
        self._order = order
        *self._place, self._name = order.output.split(".")
        self._prefix = f"trackside_{order.job_id}"
        self._staged = self._own(STAGED)

    def begin(self) -> Counts | None:
        """Bring the catalog to the state in which a job begins, or return the counts of a result that the job has published.

        Raise Wrong for a table that the job may not replace, and for a catalog that ends with the session."""
        self._check_catalog()
        if not self._exists(self._name):
            self._restore()
        if self._exists(self._name):
            found = self._properties(self._name)
            if found.get(JOB) == self._order.job_id:
                self._drop(STAGED, REPLACED)
                return Counts(int(found[ROWS]), int(found[FAILED_ROWS]))
            self._check_replaceable()
        self._drop(STAGED)
        return None

    def stage(self, frame: Any) -> None:
        """Write the rows to the staged table."""
        self._spark.catalog.createTable(self._path(self._staged), schema=frame.schema)
        frame.write.insertInto(self._path(self._staged))

    def publish(self, counts: Counts) -> None:
        """Give the staged table its name.  A table that is replaced has another name until that is done."""
        values = {JOB: self._order.job_id, MODEL: self._order.model_uri, ROWS: counts.rows, FAILED_ROWS: counts.failed}
        given = ", ".join(f"{_text(name)} = {_text(str(value))}" for name, value in values.items())
        self._spark.sql(f"ALTER TABLE {self._path(self._staged)} SET TBLPROPERTIES ({given})").collect()
        replaced = ""
        if self._exists(self._name):
            self._check_replaceable()
            replaced = self._own(REPLACED)
            self._rename(self._name, replaced)
        try:
            self._rename(self._staged, self._name)
        except Exception:
            if self._exists(self._name):  # another writer made the table meanwhile
                raise OrderError(self._refusal()) from None
            if replaced:
                self._rename(replaced, self._name)
            raise
        self._drop(REPLACED)

    def clean(self) -> None:
        """Remove the staged tables of a failed order, if the session still works."""
        with suppress(Exception):  # of py4j or gRPC: the first fault is reported
            self._drop(STAGED)

    def _check_catalog(self) -> None:
        if session.is_connect(self._order) or (len(self._place) == 2 and self._place[0] != "spark_catalog"):
            return
        if self._spark.conf.get("spark.sql.catalogImplementation", "in-memory") == "in-memory":
            raise OrderError(
                f"output is the table {self._order.output!r}, and the catalog of {self._order.address} ends with the session:"
                " set spark_conf spark.sql.catalogImplementation=hive, or use Spark Connect"
            )

    def _check_replaceable(self) -> None:
        if not self._order.overwrite:
            raise OrderError(self._refusal())
        if self._spark.catalog.getTable(self._path(self._name)).tableType in _VIEWS:
            raise OrderError(f"output is {self._order.output!r}, which is a view; name a table")

    def _refusal(self) -> str:
        return f"output is the table {self._order.output!r}, which already exists; set overwrite to replace it"

    def _restore(self) -> None:
        """Give a table its name back that the job had begun to replace."""
        for name in self._names(REPLACED)[:1]:
            self._rename(name, self._name)

    def _exists(self, name: str) -> bool:
        return bool(self._spark.catalog.tableExists(self._path(name)))

    def _properties(self, name: str) -> dict[str, str]:
        found = self._spark.sql(f"SHOW TBLPROPERTIES {self._path(name)}").collect()
        return {row["key"]: row["value"] for row in found}

    def _names(self, purpose: str) -> list[str]:
        """Return the tables of the job that have a purpose."""
        where = f" IN {_quoted(self._place)}" if self._place else ""
        found = self._spark.sql(f"SHOW TABLES{where} LIKE {_text(f'{self._prefix}_{purpose}_*')}").collect()
        return sorted(row["tableName"] for row in found)

    def _drop(self, *purposes: str) -> None:
        for purpose in purposes:
            for name in self._names(purpose):
                self._spark.sql(f"DROP TABLE IF EXISTS {self._path(name)}").collect()

    def _rename(self, old: str, new: str) -> None:
        self._spark.sql(f"ALTER TABLE {self._path(old)} RENAME TO {_quoted([new])}").collect()

    def _own(self, purpose: str) -> str:
        """Return a new name: files that an earlier attempt left at its own name do not hinder."""
        return f"{self._prefix}_{purpose}_{secrets.token_hex(4)}"

    def _path(self, name: str) -> str:
        return _quoted([*self._place, name])


def _quoted(names: list[str]) -> str:
    return ".".join(f"`{name.replace('`', '``')}`" for name in names)


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
