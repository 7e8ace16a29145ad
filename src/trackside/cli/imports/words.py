"""The words of `trackside import`.  Knows flags; what the command does is in `commands`."""

from typing import Any

from trackside.cli.words import add_command, add_json, add_place

DESCRIPTION = """Bring the experiments, runs, models and registered models of an MLflow store into a workspace of a running
Trackside.  Run ids, times and users stay what they are.  It may be run again at any time: what is there already is compared,
and only what is lacking comes."""


def add_commands(commands: Any) -> None:
    parser = add_command(
        commands,
        "import",
        "bring in what an MLflow store holds",
        "trackside.cli.imports.commands",
        "run",
        description=DESCRIPTION,
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="URL of an MLflow server, sqlite:///FILE, postgresql://USER:PASSWORD@HOST/DATABASE, or a folder mlruns",
    )
    add_place(parser, "the workspace that takes it")
    parser.add_argument(
        "--artifacts",
        metavar="WHERE",
        action="append",
        default=[],
        help="what mlflow-artifacts:/ stands for: a folder, a bucket, or the URL of a server (default: mlartifacts beside a "
        "database or folder; of a server, itself); below such a folder or bucket is read whatever the source names; may be "
        "given several times",
    )
    parser.add_argument(
        "--source-workspace", metavar="NAME", help="the one of the source's workspaces (MLflow 3.10 on)"
    )
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument(
        "--token-file", metavar="FILE", help="file with the source's token; - reads it from standard input"
    )
    secret.add_argument(
        "--username", metavar="NAME", help="for a source with basic authentication; asks for the password"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would come; change nothing")
    parser.add_argument(
        "--verify", action="store_true", help="compare all points and files too of what is there already"
    )
    add_json(parser, "print the report as JSON, for programs")
