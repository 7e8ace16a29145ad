"""The parsers of `trackside backup`; the commands are in `commands`."""

import argparse
from collections.abc import Callable
from typing import Any

from trackside.cli.parsers import add_command, add_group, add_json
from trackside.core import settings

MODULE = "trackside.cli.backup.commands"


def add_commands(commands: Any, add_options: Callable[[argparse.ArgumentParser], None]) -> None:
    """`add_options` adds the options that name a store and its files."""
    inner = add_group(
        commands,
        "backup",
        "back up the whole store while the server runs, and restore it",
        "Back up the whole store, tables and files, while the server runs, and restore it.",
    )

    create = add_command(
        inner, "create", "create a backup; files of earlier backups are not copied again", MODULE, "create"
    )
    add_options(create)
    create.add_argument(
        "--to", required=True, metavar="PLACE", help="location: a folder, or a bucket such as s3://BUCKET/FOLDER"
    )
    create.add_argument(
        "--with-secrets", action="store_true", help="include the file secret.key, which decrypts the passwords of links"
    )
    add_json(create)
    create.set_defaults(
        kwargs=lambda args: {
            "chosen": settings.load(args.given),
            "to": args.to,
            "with_secrets": args.with_secrets,
            "json": args.json,
        }
    )

    listed = add_command(inner, "list", "list the backups at a location", MODULE, "show")
    _add_place(listed)
    add_json(listed)
    listed.set_defaults(kwargs=lambda args: {"place": args.place, "json": args.json})

    verify = add_command(inner, "verify", "read a backup again and compare every checksum", MODULE, "verify")
    _add_place(verify)
    _add_id(verify)
    verify.add_argument("--restore", action="store_true", help="also restore its tables to a temporary store")
    add_json(verify)
    verify.set_defaults(
        kwargs=lambda args: {
            "place": args.place,
            "backup_id": args.backup,
            "restore": args.restore,
            "json": args.json,
        }
    )

    export = add_command(inner, "export", "write an archive of one workspace, while the server runs", MODULE, "export")
    add_options(export)
    export.add_argument("workspace", metavar="WORKSPACE", help="its name")
    export.add_argument(
        "--to", required=True, metavar="PLACE", help="location: a folder, or a bucket such as s3://BUCKET/FOLDER"
    )
    add_json(export)
    export.set_defaults(
        kwargs=lambda args: {
            "chosen": settings.load(args.given),
            "name": args.workspace,
            "to": args.to,
            "json": args.json,
        }
    )

    bring = add_command(inner, "import", "import an archive of one workspace into an existing store", MODULE, "bring")
    add_options(bring)
    _add_place(bring)
    _add_id(bring)
    bring.add_argument(
        "--as", dest="name", metavar="NAME", help="name of the new workspace (default: the name in the archive)"
    )
    add_json(bring)
    bring.set_defaults(
        kwargs=lambda args: {
            "chosen": settings.load(args.given),
            "place": args.place,
            "backup_id": args.backup,
            "name": args.name,
            "json": args.json,
        }
    )

    restore = add_command(inner, "restore", "restore a backup to a new store", MODULE, "restore")
    add_options(restore)
    _add_place(restore)
    _add_id(restore)
    restore.add_argument(
        "--keep-links", action="store_true", help="do not pause the links, because the old server will not run again"
    )
    add_json(restore)
    restore.set_defaults(
        kwargs=lambda args: {
            "chosen": settings.load(args.given),
            "place": args.place,
            "backup_id": args.backup,
            "keep_links": args.keep_links,
            "json": args.json,
        }
    )


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("place", metavar="PLACE", help="the folder or bucket with the backups")


def _add_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backup", nargs="?", default="latest", metavar="BACKUP", help="its id (default: the latest)")
