"""The parameters of a batch run, which the server writes as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path


class OrderError(Exception):
    """The table, the model and the order are incompatible; the message is for the user."""


@dataclass(frozen=True)
class Order:
    """`parts` is a folder for what has been scored so far; `output` and `errors` are written at the end, whole.

    `input_format` is parquet, csv, jsonl, or for Spark also table or sql, whose text is then the only one of `inputs`.
    With `output_format` table, `output` names a table of Spark's catalog, and `overwrite` replaces one that is there.
    `address` is the master of a Spark or Ray cluster.  A stream reads the files that are added to `folder`, keeps its place in
    `checkpoint` and writes a folder into `output` for each batch; `interval_s` 0 takes what is there and ends."""

    model: str
    model_uri: str
    job_id: str
    inputs: list[str]
    input_format: str
    output: str
    output_format: str
    errors: str
    parts: str
    columns: list[str] | None = None  # of the input, in the output; None: all
    where: str = ""
    processes: int = 1
    max_failed_rows: int = 1000
    batch_rows: int = 65_536
    engine: str = "local"
    address: str = ""
    conf: dict[str, str] = field(default_factory=dict)
    folder: str = ""
    checkpoint: str = ""
    interval_s: int = 0
    overwrite: bool = False


def read(path: str) -> Order:
    values = json.loads(Path(path).read_text("utf-8"))
    names = {field.name for field in fields(Order)}
    return Order(**{name: value for name, value in values.items() if name in names})
