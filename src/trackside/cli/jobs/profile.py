"""`trackside profile`: a job of a running server that measures how a model serves requests."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trackside.cli.jobs import tables, waiting
from trackside.cli.output import BROKEN, OK, Stop, print_error, say, table
from trackside.cli.output import json as as_json


def run(args: argparse.Namespace) -> int:
    """Profile a model, and print the results.  Return BROKEN if requests failed, or took longer than --latency-ms."""
    params: dict[str, Any] = {"model": args.model, "env": args.env, "experiment_id": args.experiment}
    for name in ("input_format", "rows", "seconds", "rate", "latency_ms", "threads", "batching"):
        if getattr(args, name) is not None:
            params[name] = getattr(args, name)
    if args.concurrency:
        params["concurrency"] = _numbers(args.concurrency)
    run_id = ""
    if args.input:
        place = args.input
        if not tables.is_remote(place):
            place = tables.send(args, Path(place), "--input")
            run_id = params["run_id"] = place.split("/")[1]
        params["input"] = place
    job = tables.submit(args, "profile", params, run_id)
    ended = waiting.wait(args, job["job_id"])
    if ended["state"] != "succeeded":
        print_error(f"job {ended['job_id']} {ended['state']}: {ended['reason']}")
        return BROKEN
    found = ended["result"]
    say(as_json(found) if args.json else _shown(found, params))
    failed = next((level for level in found["levels"] if level["failed"]), None)
    if failed is not None:
        print_error(
            f"{failed['failed']:,} of {failed['requests']:,} requests failed at {failed['callers']} callers: {failed['reason']}"
        )
    if not found["recommended"]["meets_latency"]:
        print_error(f"95 % of the requests took longer than {args.latency_ms:g} ms for each number of callers")
    return OK if failed is None and found["recommended"]["meets_latency"] else BROKEN


def _shown(found: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    rows = found.get("rows_per_request")
    sent = "the model's input example" if rows is None else f"{rows:,} row{'' if rows == 1 else 's'}"
    memory = "" if found.get("peak_mb") is None else f", {found['peak_mb']:,.0f} MB of memory"
    lines = [
        f"{found['model']}, {sent} in a request: loaded in {found['load_s']:.1f} s{memory} (run {found['run_id']})",
        "",
        table(
            [
                ("CALLERS", "REQUESTS/S", "P50 MS", "P95 MS", "P99 MS", "CPU MS/REQUEST", "CORES", "FAILED"),
                *(
                    (
                        str(level["callers"]),
                        f"{level['requests_per_s']:,.1f}",
                        f"{level['p50_ms']:,.2f}",
                        f"{level['p95_ms']:,.2f}",
                        f"{level['p99_ms']:,.2f}",
                        f"{level['cpu_ms_per_request']:,.2f}",
                        f"{level['cores']:.2f}",
                        f"{level['failed']:,}",
                    )
                    for level in found["levels"]
                ),
            ]
        ),
        "",
        _advice(found["recommended"], params.get("rate", 0)),
    ]
    return "\n".join(lines)


def _advice(found: Mapping[str, Any], rate: float) -> str:
    wanted = f"for {rate:,g} requests/s" if rate else f"for up to {found['requests_per_s']:,.0f} requests/s"
    fields = [f"replicas {found['replicas']}"]
    if found.get("memory_mb") is not None:
        fields.append(f"memory_mb {found['memory_mb']}")
    cores = found["cores"]
    needs = [f"{cores:g} core{'' if cores == 1 else 's'}"] + (
        [f"{found['memory_gb']:g} GiB"] if found.get("memory_gb") is not None else []
    )
    return f"recommended {wanted}: {', '.join(fields)}; each replica needs {' and '.join(needs)}"


def _numbers(text: str) -> list[int]:
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        raise Stop(f"--concurrency is {text!r}; it must be numbers with commas, such as 1,2,4,8") from None
