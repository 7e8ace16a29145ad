"""The tables that expected values exist for."""

from pathlib import Path

import pyarrow as pa
from pyarrow import compute, csv

from trackside.drift import tables
from trackside.drift.tables import Table

DATA = Path(__file__).with_name("data")


def pair(name: str) -> tuple[pa.Table, pa.Table]:
    """Return the reference and the current table."""
    found = csv.read_csv(DATA / f"{name}.csv")
    is_reference = compute.equal(found["side"], "ref")
    rest = found.drop_columns(["side"])
    return rest.filter(is_reference), rest.filter(compute.invert(is_reference))


def loaded(name: str) -> tuple[Table, Table]:
    reference, current = pair(name)
    return tables.of_arrow("reference", reference), tables.of_arrow("current", current)
