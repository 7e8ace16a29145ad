"""The parsers of `trackside delete` and `trackside trash`; the commands are in `commands`."""

import argparse
from typing import Any

from trackside.cli.parsers import add_call, add_group, add_json

MODULE = "trackside.cli.cleanup.commands"
KINDS: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "run": ("delete a run with its files", (("run_id", "RUN", "its id"),)),
    "experiment": (
        "delete an experiment with its runs, logged models and files",
        (("experiment", "EXPERIMENT", "its id or its name"),),
    ),
    "logged-model": ("delete a logged model with its files", (("model_id", "MODEL", "its id"),)),
    "model": ("delete a registered model with its versions", (("name", "NAME", "its name"),)),
    "version": (
        "delete a version of a registered model",
        (("name", "NAME", "name of the model"), ("version", "VERSION", "number of the version")),
    ),
    "metric": (
        "delete a metric of a run, or some of its steps",
        (("run_id", "RUN", "id of the run"), ("key", "METRIC", "name of the metric")),
    ),
    "param": ("delete a param of a run", (("run_id", "RUN", "id of the run"), ("key", "PARAM", "name of the param"))),
    "tag": ("delete a tag of a run", (("run_id", "RUN", "id of the run"), ("key", "TAG", "name of the tag"))),
    "artifact": (
        "delete a file or a folder of a run",
        (("run_id", "RUN", "id of the run"), ("path", "PATH", "its path in the artifacts of the run")),
    ),
    "endpoint": ("delete an endpoint with its deployments", (("name", "NAME", "its name"),)),
    "deployment": (
        "delete a deployment of an endpoint that gets no traffic",
        (("name", "ENDPOINT", "name of the endpoint"), ("deployment", "DEPLOYMENT", "such as blue")),
    ),
    "link": ("delete a link; by default both sides keep their items", (("name", "NAME", "its name"),)),
    "dataset": ("delete an evaluation dataset with its records", (("dataset_id", "DATASET", "its id"),)),
    "monitor": ("delete a drift monitor with its windows and incidents", (("name", "NAME", "its name"),)),
    "capture-day": (
        "delete the requests of an endpoint of one day",
        (("name", "ENDPOINT", "its name"), ("day", "DAY", "such as 2026-01-31, in UTC")),
    ),
    "token": ("revoke a token", (("token_id", "TOKEN", "its id, as `trackside token list` shows it"),)),
    "alias": (
        "delete an alias of a registered model; its version stays",
        (("name", "MODEL", "name of the model"), ("alias", "ALIAS", "such as champion")),
    ),
    "link-log": ("delete the log of a link; the link stays", (("name", "LINK", "name of the link"),)),
    "webhook": (
        "delete a webhook with its deliveries",
        (("webhook_id", "WEBHOOK", "its id, which `trackside webhook list` shows"),),
    ),
    "schedule": ("delete a schedule of jobs; the jobs that it started stay", (("name", "NAME", "its name"),)),
    "alert-rule": ("delete an alert rule", (("name", "NAME", "its name"),)),
    "view": ("delete a saved view of an experiment", (("view_id", "VIEW", "its id"),)),
    "record": (
        "delete a record of an evaluation dataset",
        (("dataset_id", "DATASET", "id of the dataset"), ("record_id", "RECORD", "id of the record")),
    ),
    "dataset-input": (
        "delete a dataset input of a run; the data stays",
        (
            ("run_id", "RUN", "id of the run"),
            ("name", "DATASET", "name of the dataset"),
            ("digest", "DIGEST", "its digest"),
        ),
    ),
    "trace": ("delete a trace with its spans and assessments", (("trace_id", "TRACE", "its id"),)),
    "job": ("delete a job that has ended, with its log", (("job_id", "JOB", "its id"),)),
}


def add_commands(commands: Any) -> None:
    inner = add_group(
        commands,
        "delete",
        "delete permanently, with a preview of the freed space",
        "Delete files and rows permanently. `trackside trash` manages items that can be restored.",
        of="WHAT",
    )
    for kind, (summary, names) in KINDS.items():
        parser = _command(inner, kind, summary, "delete")
        parser.set_defaults(kind=kind)
        for name, shown, says in names:
            parser.add_argument(name, metavar=shown, help=says)
        if kind == "link":
            parser.add_argument(
                "--copies",
                choices=("keep", "remove"),
                default="keep",
                help="remove: move the copies of the link, on both sides, to the trash; keep (default): keep them",
            )
        if kind == "metric":
            parser.add_argument(
                "--steps", metavar="A..B", help="only the steps from A to B, both included; A or B is optional"
            )
        _add_flags(parser)
    for kind, shown, summary in (
        ("workspace", "NAME", "delete a workspace with its content; its links end, and their remotes keep their items"),
        ("resource-group", "GROUP", "delete all workspaces of a resource group with their content"),
    ):
        parser = _command(inner, kind, summary, "delete", "trackside.cli.cleanup.workspaces")
        parser.set_defaults(kind=kind)
        parser.add_argument("name", metavar=shown, help="its name")
        if kind == "resource-group":
            parser.add_argument(
                "--subscription", metavar="ID", help="subscription of the group (default: the server's)"
            )
        _add_flags(parser)
    inner = add_group(
        commands,
        "trash",
        "list, restore or permanently delete items of the trash",
        "List, restore or permanently delete items of the trash.",
    )
    listed = _command(inner, "list", "list deleted runs, experiments, logged models and traces", "trash_list")
    _add_age(listed)
    add_json(listed)
    restore = _command(inner, "restore", "restore a run, an experiment, a logged model or a trace", "trash_restore")
    restore.add_argument(
        "kind",
        choices=("run", "experiment", "logged-model", "trace"),
        metavar="KIND",
        help="run, experiment, logged-model or trace",
    )
    restore.add_argument("id", metavar="ID", help="its id")
    purge = _command(inner, "purge", "permanently delete old items of the trash", "trash_purge")
    _add_age(purge)
    _add_flags(purge)

    _add_retention(commands)
    _add_storage(commands)
    _add_orphans(commands)


def _add_orphans(commands: Any) -> None:
    inner = add_group(
        commands,
        "orphans",
        "find files without a row, and rows whose files are missing",
        "Find files without a row, and rows whose files are missing; move such files to a quarantine.",
    )
    module = "trackside.cli.cleanup.orphans"
    find = _command(inner, "find", "search for orphans, as a job, and list them", "find", module)
    _add_grace(find)
    add_json(find)
    listed = _command(inner, "list", "list the orphans of the last search", "show", module)
    listed.add_argument("--rows", action="store_true", help="rows without files, instead of files without a row")
    add_json(listed)
    move = _command(inner, "quarantine", "move orphaned files to the quarantine, as a job", "quarantine", module)
    move.add_argument("key", nargs="*", metavar="PLACE", help="only these entries paths of `trackside orphans list`")
    move.add_argument(
        "--with-other", action="store_true", help="also files whose path does not show what they belonged to"
    )
    _add_grace(move)
    _add_flags(move)
    kept = _command(inner, "quarantined", "list the entries of the quarantine", "quarantined", module)
    add_json(kept)
    restore = _command(inner, "restore", "move files back from the quarantine, as a job", "restore", module)
    restore.add_argument("entry", nargs="+", metavar="ENTRY", help="ids of `trackside orphans quarantined`")
    add_json(restore)
    purge = _command(inner, "purge", "permanently delete entries of the quarantine, as a job", "purge", module)
    purge.add_argument("entry", nargs="*", metavar="ENTRY", help="only these entries")
    purge.add_argument(
        "--older-than", type=int, metavar="DAYS", help="items that were moved at least this many days ago"
    )
    _add_flags(purge)


def _add_grace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--grace-hours",
        type=int,
        default=24,
        metavar="HOURS",
        help="skip younger files, which may belong to an upload (default 24, at least 1)",
    )


def _add_storage(commands: Any) -> None:
    parser = _command(
        commands, "storage", "show the use of space by runs, models and files", "show", "trackside.cli.cleanup.storage"
    )
    parser.add_argument(
        "--by",
        choices=("workspace", "experiment", "user", "kind", "age", "item"),
        default="experiment",
        help="grouping: workspace, experiment (default), user, kind, age or item (a run or model)",
    )
    parser.add_argument("--experiment", metavar="ID", help="only this experiment")
    parser.add_argument("--user", metavar="NAME", help="only runs and models of this user")
    parser.add_argument(
        "--max", type=int, default=20, metavar="N", help="number of rows, the largest first (default 20)"
    )
    parser.add_argument("--count", action="store_true", help="first count, as a job; otherwise the last count is shown")
    add_json(parser)


def _add_retention(commands: Any) -> None:
    inner = add_group(
        commands,
        "retention",
        "delete runs, files or traces by rule: age, rank, tags",
        "Delete runs or files by rule. Runs are moved to the trash unless --permanently is set.",
    )
    for name, summary in (
        ("preview", "show the runs that a rule matches, without changes"),
        ("run", "apply a rule once, as a job"),
        ("schedule", "apply a rule regularly"),
    ):
        parser = _command(inner, name, summary, name, "trackside.cli.cleanup.retention")
        if name == "schedule":
            parser.add_argument("name", metavar="NAME", help="name of the schedule")
            parser.add_argument(
                "--cron",
                default="0 3 * * *",
                metavar="TIMES",
                help="cron expression with five fields (default 0 3 * * *)",
            )
        parser.add_argument(
            "--experiments", metavar="GLOB", help="names of experiments, such as 'sweep-*' (default all)"
        )
        parser.add_argument(
            "--filter", metavar="FILTER", help="runs, such as \"tags.team = 'nlp' AND status = 'FAILED'\""
        )
        parser.add_argument(
            "--older-than", type=int, metavar="DAYS", help="runs that began at least this many days ago"
        )
        parser.add_argument(
            "--keep-last", type=int, metavar="N", help="keep the last N matching runs in each experiment"
        )
        parser.add_argument(
            "--keep-best", type=int, metavar="N", help="keep the best N matching runs in each experiment"
        )
        parser.add_argument("--metric", metavar="METRIC", help="metric that ranks the runs for --keep-best")
        parser.add_argument("--lower", action="store_true", help="a lower value of the metric is better")
        parser.add_argument("--files", metavar="GLOB", help="delete only these files of the runs")
        parser.add_argument(
            "--permanently", action="store_true", help="delete the runs permanently instead of moving them to the trash"
        )
        parser.add_argument(
            "--most-percent",
            type=int,
            metavar="P",
            help="delete nothing if the rule matches a larger share of all runs (default 10)",
        )
        add_json(parser)
    _add_trace_retention(inner)


def _add_trace_retention(inner: Any) -> None:
    parser = _command(
        inner, "traces", "delete old traces by a rule, as a job", "traces", "trackside.cli.cleanup.retention"
    )
    parser.add_argument("--experiments", metavar="GLOB", help="names of experiments, such as 'shop-*' (default all)")
    parser.add_argument("--older-than", type=int, metavar="DAYS", help="traces that began at least this many days ago")
    parser.add_argument("--keep-last", type=int, metavar="N", help="keep the newest N traces of each experiment")
    parser.add_argument(
        "--most-percent",
        type=int,
        metavar="P",
        help="delete nothing if the rule matches a larger share of all traces (default 10)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--preview", action="store_true", help="show the traces that the rule matches, without changes")
    how.add_argument("--schedule", metavar="NAME", help="apply the rule regularly, by a schedule of this name")
    parser.add_argument("--cron", metavar="TIMES", help="cron expression of --schedule (default 0 3 * * *)")
    add_json(parser)


def _command(inner: Any, name: str, summary: str, function: str, module: str = MODULE) -> argparse.ArgumentParser:
    return add_call(inner, name, summary, module, function)


def _add_age(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--older-than",
        type=int,
        default=None,
        metavar="DAYS",
        help="only items that were deleted at least this many days ago",
    )


def _add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--preview",
        "--dry-run",
        dest="preview",
        action="store_true",
        help="show what would be deleted, without changes",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    add_json(parser, "print the preview or the result as JSON")
