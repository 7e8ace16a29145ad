"""The parsers of `trackside link`; the commands are in `commands`."""

import argparse
from typing import Any

from trackside.cli.parsers import add_call, add_command, add_group, add_place, number

MODULE = "trackside.cli.links.commands"


def add_commands(commands: Any) -> None:
    inner = add_group(
        commands,
        "link",
        "replicate a workspace to or from another one",
        "Replicate a workspace to or from another one.",
    )
    _add(inner)
    _simple(inner, "list", "list the links of a workspace", named=False, shows=True)
    _simple(inner, "show", "show a link: its state, lag and last error", shows=True)
    _simple(inner, "pause", "pause a link; nothing is lost")
    resume = _simple(inner, "resume", "resume a paused link")
    resume.add_argument(
        "--accept-deletions",
        action="store_true",
        help="perform the deletions for which the link was paused (`trackside link show` lists them)",
    )
    sync = _simple(inner, "sync", "compare all items with the remote, and repair differences")
    sync.add_argument("--no-wait", action="store_true", help="do not wait for the end")
    check = _simple(
        inner, "check", "compare both sides item by item and print differences, without changes", shows=True
    )
    for each in (sync, check):
        each.add_argument(
            "--verify",
            action="store_true",
            help="read points and files on both sides, and compare them by hashes, files by SHA-256 (slow)",
        )
    remove = _simple(inner, "remove", "end a link")
    remove.add_argument(
        "--copies",
        choices=("keep", "remove"),
        default="keep",
        help="keep the copies of the link on both sides, or move them to the trash (default keep)",
    )
    _simple(inner, "log", "show conflicts, and items that the remote refused", shows=True)
    script = add_command(
        inner,
        "init-script",
        "print an init script for the nodes of a cluster",
        MODULE,
        description="Print an init script that makes every run of a cluster log to a workspace.",
    )
    script.add_argument(
        "--package",
        default="trackside-mlflow",
        metavar="WHAT",
        help="package that pip installs on the nodes: a requirement, or the path or URL of a wheel (default trackside-mlflow)",
    )
    add_place(script)


def _add(inner: Any) -> None:
    parser = add_command(inner, "add", "link a workspace with another one", MODULE)
    parser.add_argument("name", metavar="NAME", help="name of the new link")
    parser.add_argument(
        "--to", required=True, metavar="URL", help="http(s)://HOST[:PORT][/ws/WORKSPACE] or databricks://PROFILE"
    )
    parser.add_argument(
        "--mode", choices=("push", "pull", "both"), default="push", help="direction of the link (default push)"
    )
    parser.add_argument(
        "--kind", choices=("trackside", "mlflow", "databricks"), help="kind of the remote (default: detected)"
    )
    parser.add_argument(
        "--experiments", nargs="+", default=[], metavar="GLOB", help="names of experiments (default all)"
    )
    parser.add_argument(
        "--registry",
        action="store_true",
        help="also replicate registered models with versions, aliases, stages and files",
    )
    parser.add_argument("--exclude", nargs="+", default=[], metavar="GLOB", help="names of experiments to exclude")
    parser.add_argument(
        "--backfill", default="all", metavar="all|none|DATE", help="runs from before the link (default all)"
    )
    parser.add_argument(
        "--prefix", metavar="FOLDER", help="Databricks: folder for experiments without an absolute path"
    )
    parser.add_argument("--rate", type=number, metavar="N", help="maximum calls per second")
    parser.add_argument(
        "--max-deletions",
        type=int,
        metavar="N",
        help="pause before more than N items are deleted in an hour that also exceed the percentage (default 20)",
    )
    parser.add_argument(
        "--max-deletions-percent",
        type=number,
        metavar="P",
        help="percentage of the items on both sides (default 10)",
    )
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument(
        "--token-file", metavar="FILE", help="file with the remote's token; - reads it from standard input"
    )
    secret.add_argument(
        "--username",
        metavar="NAME",
        help="for a remote with basic authentication, or a Databricks service principal's id; prompts for the "
        "password (its secret)",
    )
    parser.add_argument("--no-wait", action="store_true", help="do not wait for the backfill")
    add_place(parser)


def _simple(inner: Any, name: str, summary: str, *, named: bool = True, shows: bool = False) -> argparse.ArgumentParser:
    return add_call(inner, name, summary, MODULE, named="NAME" if named else "", shows=shows)
