"""The parsers of `trackside job`; the commands are in `commands`."""

import argparse
from typing import Any

from trackside.cli.parsers import add_call, add_command, add_group, add_place, number

MODULE, SCHEDULES = "trackside.cli.jobs.commands", "trackside.cli.jobs.schedules"


def add_commands(commands: Any) -> None:
    inner = add_group(commands, "job", "list, start, cancel and retry background jobs", "Manage background jobs.")
    listed = _command(inner, "list", "list the jobs of a workspace, the newest first", named=False, shows=True)
    listed.add_argument(
        "--state", metavar="STATE", help="only this state: queued, running, succeeded, failed or cancelled"
    )
    listed.add_argument("--kind", metavar="KIND", help="only jobs of this kind")
    listed.add_argument("--max", type=int, default=50, metavar="N", help="maximum number (default 50)")
    _command(inner, "show", "show a job: its state, progress and result", shows=True)
    logs = _command(inner, "logs", "print the log of a job")
    logs.add_argument("--follow", "-f", action="store_true", help="print new lines until the job has ended")
    logs.add_argument("--raw", action="store_true", help="print control characters unchanged, such as colours")
    _command(inner, "cancel", "end a job")
    _command(inner, "retry", "queue a failed or cancelled job again")
    start = _command(inner, "start", "queue a job", named=False)
    start.add_argument("kind", metavar="KIND", help="kind of job; the message for an unknown kind lists all kinds")
    start.add_argument("params", metavar="JSON", nargs="?", default="{}", help="parameters as a JSON object")
    start.add_argument(
        "--priority", type=int, default=0, metavar="N", help="priority; jobs with a higher one start first (default 0)"
    )
    start.add_argument("--wait", action="store_true", help="follow the log, and return when the job has ended")


def add_schedules(commands: Any) -> None:
    inner = add_group(
        commands, "schedule", "start jobs at set times", "Manage schedules, which start jobs at set times."
    )
    of: Any = {"module": SCHEDULES, "named": False}
    _command(inner, "list", "list the schedules of a workspace", shows=True, **of)
    create = _command(inner, "create", "create a schedule", **of)
    create.add_argument("name", metavar="NAME", help="its name, unique in the workspace")
    create.add_argument("kind", metavar="KIND", help="kind of the jobs")
    create.add_argument(
        "params", metavar="JSON", nargs="?", default="{}", help="parameters of the jobs as a JSON object"
    )
    when = create.add_mutually_exclusive_group(required=True)
    when.add_argument(
        "--cron", metavar="FIELDS", help="cron expression: minute, hour, day, month and weekday, such as '30 2 * * 1-5'"
    )
    when.add_argument("--interval", type=int, metavar="SECONDS", help="interval")
    create.add_argument("--timezone", metavar="ZONE", help="time zone of --cron, such as Europe/Madrid (default UTC)")
    create.add_argument(
        "--priority", type=int, default=0, metavar="N", help="priority; jobs with a higher one start first (default 0)"
    )
    for name, summary in (
        ("show", "show a schedule and its next times"),
        ("pause", "pause a schedule"),
        ("resume", "resume a schedule"),
        ("run", "queue the job of a schedule now"),
        ("delete", "delete a schedule; its jobs stay"),
    ):
        command = _command(inner, name, summary, shows=name == "show", **of)
        command.add_argument("name", metavar="NAME", help="the name of the schedule")


def _command(
    inner: Any, name: str, summary: str, *, named: bool = True, shows: bool = False, module: str = MODULE
) -> argparse.ArgumentParser:
    parser = add_call(inner, name, summary, module, shows=shows)
    if named:
        parser.add_argument("job_id", metavar="JOB", help="its id, or the first characters of it")
    return parser


def add_score(commands: Any) -> None:
    parser = add_command(
        commands,
        "score",
        "score a table with a model",
        "trackside.cli.jobs.score",
        "run",
        description="Score a table with a model. A location is a local file, runs:/RUN/PATH, file:///PATH of the "
        "server's machine below its --job-folders, or s3://BUCKET/KEY, gs:// or abfss:// below its --job-buckets.",
    )
    parser.add_argument(
        "model", metavar="MODEL", help="model URI, such as models:/NAME/VERSION, models:/NAME@ALIAS or runs:/RUN/PATH"
    )
    parser.add_argument(
        "--input",
        required=True,
        metavar="PLACE",
        help="location of the table: Parquet, CSV, JSON lines, Delta or Iceberg; with Spark also a table name or SQL",
    )
    parser.add_argument(
        "--output", required=True, metavar="PLACE", help="location of the result; with Spark also a table name"
    )
    parser.add_argument("--where", metavar="CONDITION", help='score only matching rows, such as "age > 30"')
    parser.add_argument(
        "--columns", metavar="NAMES", help="comma-separated columns of the input in the output (default all)"
    )
    parser.add_argument(
        "--input-format",
        choices=("parquet", "csv", "jsonl", "delta", "iceberg", "table", "sql"),
        help="format, if the name does not show it; table and sql are on the cluster of --spark-master",
    )
    parser.add_argument(
        "--output-format",
        choices=("parquet", "csv", "jsonl", "delta", "iceberg", "table"),
        help="format, if the name does not show it; table is on the cluster of --spark-master",
    )
    parser.add_argument(
        "--env",
        choices=("auto", "uv", "local"),
        default="auto",
        help="source of the model's packages (default auto)",
    )
    parser.add_argument(
        "--processes", type=int, metavar="N", help="number of processes (default: one for each processor)"
    )
    parser.add_argument(
        "--max-failed-rows",
        type=int,
        metavar="N",
        help="number of failed rows above which the job fails (default 1000)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing output")
    parser.add_argument("--append", action="store_true", help="add to an output in format delta or iceberg")
    parser.add_argument(
        "--engine",
        choices=("local", "spark", "ray"),
        default="local",
        help="engine that scores the table (default local)",
    )
    parser.add_argument(
        "--spark-master",
        metavar="MASTER",
        help="one of the server's --spark-masters: local[N], spark://HOST:PORT or sc://HOST:PORT (default local)",
    )
    parser.add_argument(
        "--spark-conf",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of the Spark session; may be repeated",
    )
    parser.add_argument(
        "--stream",
        action="store_true",
        help="score the files that were added to a folder since the last run, by Spark",
    )
    parser.add_argument(
        "--checkpoint", metavar="PLACE", help="folder (a file: location) with the position of the stream"
    )
    parser.add_argument(
        "--interval", type=int, metavar="SECONDS", help="interval of checks for new files, until the job is cancelled"
    )
    parser.add_argument("--experiment", default="0", metavar="ID", help="experiment of the logged run (default 0)")
    add_place(parser)


def add_profile(commands: Any) -> None:
    parser = add_command(
        commands,
        "profile",
        "measure throughput, latency and resources of a model",
        "trackside.cli.jobs.profile",
        "run",
        description="Serve a model like an endpoint, send requests from an increasing number of callers, and print "
        "latencies, throughput, processor time and memory, with recommended settings of an endpoint. The exit code is "
        "1 if requests failed or were too slow.",
    )
    parser.add_argument(
        "model", metavar="MODEL", help="model URI, such as models:/NAME/VERSION, models:/NAME@ALIAS or runs:/RUN/PATH"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--input",
        metavar="PLACE",
        help="location of a table with sample rows, as for `trackside score` (default: the model's input example)",
    )
    parser.add_argument(
        "--input-format", choices=("parquet", "csv", "jsonl"), help="format, if the name does not show it"
    )
    parser.add_argument("--rows", type=int, metavar="N", help="rows of the table in a request (default 1)")
    parser.add_argument(
        "--concurrency",
        metavar="NUMBERS",
        help="numbers of callers, which are measured one after the other (default 1,2,4,8)",
    )
    parser.add_argument("--seconds", type=number, metavar="S", help="duration for each number of callers (default 5)")
    parser.add_argument("--rate", type=number, metavar="N", help="expected requests per second of the endpoint")
    parser.add_argument(
        "--latency-ms", type=number, metavar="MS", help="limit for the latency of 95 %% of the requests"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="concurrent requests of a replica (default 1)")
    parser.add_argument(
        "--batching", choices=("auto", "on", "off"), help="batching of the deployment's spec (default auto)"
    )
    parser.add_argument(
        "--env",
        choices=("auto", "uv", "local"),
        default="auto",
        help="source of the model's packages (default auto)",
    )
    parser.add_argument("--experiment", default="0", metavar="ID", help="experiment of the logged run (default 0)")
    add_place(parser)
