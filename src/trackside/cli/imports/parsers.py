"""The parser of `trackside import`; the command is in `commands`."""

from typing import Any

from trackside.cli.parsers import add_command, add_json, add_place

DESCRIPTION = """Copy the experiments, runs, models and registered models of an MLflow store into a workspace of a running
Trackside.  Run ids, times and users are preserved.  Imports are idempotent and resumable: run the same command again and only
missing data is copied."""


def add_commands(commands: Any) -> None:
    parser = add_command(
        commands,
        "import",
        "copy an MLflow store into a workspace",
        "trackside.cli.imports.commands",
        "run",
        description=DESCRIPTION,
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="URL of an MLflow server, sqlite:///FILE, postgresql://USER:PASSWORD@HOST/DATABASE, or a folder mlruns",
    )
    add_place(parser, "the target workspace")
    parser.add_argument(
        "--artifacts",
        metavar="WHERE",
        action="append",
        default=[],
        help="where files of mlflow-artifacts:/ are read: a folder, a bucket, or the URL of a server (default: mlartifacts "
        "beside a database or folder; of a server, itself); a folder or bucket also allows URIs of the source below it; may be "
        "repeated",
    )
    parser.add_argument("--source-workspace", metavar="NAME", help="workspace of the source (MLflow 3.10 and newer)")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument(
        "--token-file", metavar="FILE", help="file with the source's token; - reads it from standard input"
    )
    secret.add_argument(
        "--username", metavar="NAME", help="for a source with basic authentication; prompts for the password"
    )
    parser.add_argument("--dry-run", action="store_true", help="report what would be copied, without changes")
    parser.add_argument("--verify", action="store_true", help="also compare points and files of copied items")
    add_json(parser, "print the report as JSON")
