"""Carry out an order for a Delta or Iceberg table, and report the result in a line that the server reads."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trackside.scorer.batch.order import OrderError

MARK = "\x1etrackside "
FAILED = 1


@dataclass(frozen=True)
class Order:
    """`read` finds the Parquet files of the newest snapshot of `table`, or copies its rows to the folder `copy`.

    `write` commits the rows of the Parquet file `source` to `table` once, in the name of `job_id`; `mode` is create, append or
    overwrite.  `location` is what the table calls its folder, where that is not `table`: of a table in a bucket, `table` is a
    folder with the log alone.  `is_again` says that an earlier attempt of the job may have left files."""

    action: str
    format: str
    table: str
    copy: str = ""
    source: str = ""
    mode: str = "create"
    job_id: str = ""
    model_uri: str = ""
    location: str = ""
    is_again: bool = False

    @property
    def shown(self) -> str:
        """Return the table's name for messages."""
        return self.location or self.table


def main(words: list[str]) -> int:
    order = Order(**json.loads(Path(words[0]).read_text("utf-8")))
    try:
        _report(result=run(order))
    except OrderError as fault:
        _report(error=f"{fault}.")
        return FAILED
    except OSError as fault:
        _report(error=f"The table {order.shown!r} cannot be read or written: {fault.strerror or fault}.")
        return FAILED
    return 0


def run(order: Order) -> dict[str, Any]:
    """Carry out an order.  Raise Wrong for a table that cannot be read or written."""
    if order.format == "delta":
        from trackside.scorer.batch.lake import delta as lake
    else:
        from trackside.scorer.batch.lake import iceberg as lake  # type: ignore[no-redef]  # a module with the same functions
    return lake.read(order) if order.action == "read" else lake.write(order)


def _report(**values: Any) -> None:
    sys.stdout.write(MARK + json.dumps(values) + "\n")
    sys.stdout.flush()
