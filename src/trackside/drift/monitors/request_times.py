"""Looks up the times of requests in a request log by their ids.  Needs pyarrow."""

from collections.abc import Sequence

import pyarrow as pa
from pyarrow import compute, parquet

from trackside.drift.monitors.labels.routes import Logged
from trackside.endpoints.request_log.files import Place

_COLUMNS = ["_request_id", "_row", "_time"]


def of(place: Place, request_ids: Sequence[str]) -> dict[str, Logged]:
    """Return the time and the number of rows of the requests in the log; the newest files are read first."""
    wanted = set(request_ids)
    found: dict[str, Logged] = {}
    for file in reversed(place.all()):
        if len(found) == len(wanted):
            break
        try:
            table = parquet.ParquetFile(file.path).read(columns=_COLUMNS)
        except FileNotFoundError:  # deleted from the log meanwhile
            continue
        table = table.filter(compute.is_in(table["_request_id"], pa.array(sorted(wanted))))
        times = table["_time"].cast(pa.int64()).to_pylist()
        for request, row, at in zip(table["_request_id"].to_pylist(), table["_row"].to_pylist(), times, strict=True):
            before = found.get(request)
            found[request] = Logged(at, max(row + 1, before.rows if before else 0))
    return found
