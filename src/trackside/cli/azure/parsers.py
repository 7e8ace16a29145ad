"""The parser of `trackside azure-env`; the command is in `commands`."""

from typing import Any

from trackside.cli.parsers import add_command

FORMS = ("shell", "notebook", "databricks")


def add_commands(commands: Any) -> None:
    summary = "write environment variables that point Azure ML's own client to this server"
    parser = add_command(commands, "azure-env", summary, "trackside.cli.azure.commands", "run")
    parser.add_argument("--server", metavar="URL", help="address of the server for clients (default: TRACKSIDE_URL)")
    parser.add_argument(
        "--token",
        metavar="TOKEN",
        help="the client's token (default: TRACKSIDE_TOKEN, or the stored token of `trackside login`)",
    )
    parser.add_argument("--ca", metavar="FILE", help="path of the server's certificate authority on the client")
    parser.add_argument("--format", choices=FORMS, default="shell", help="format of the output: for a shell "
    "(default), a notebook cell, or an init script of a Databricks cluster")  # fmt: skip
    parser.set_defaults(
        kwargs=lambda args: {
            "server": args.server,
            "token": args.token,
            "authority": args.ca,
            "form": args.format,
        },
    )
