"""The parser of `trackside azure-env`; the command is in `commands`."""

from typing import Any

from trackside.cli.parsers import add_command

FORMS = ("shell", "notebook", "databricks")


def add_commands(commands: Any) -> None:
    summary = "write environment variables that point Azure ML's own client to this server"
    parser = add_command(commands, "azure-env", summary, "trackside.cli.azure.commands", "run")
    parser.add_argument("--server", metavar="URL", help="where clients reach the server (default: TRACKSIDE_URL)")
    parser.add_argument(
        "--token",
        metavar="TOKEN",
        help="the token that the client shows (default: TRACKSIDE_TOKEN, or what login kept)",
    )
    parser.add_argument(
        "--ca", metavar="FILE", help="the authority that signed the server's certificate, on the client"
    )
    parser.add_argument("--format", choices=FORMS, default="shell", help="for a shell (default), a cell of a notebook, or an"
                        " init script of a Databricks cluster")  # fmt: skip
    parser.set_defaults(
        kwargs=lambda args: {
            "server": args.server,
            "token": args.token,
            "authority": args.ca,
            "form": args.format,
        },
    )
