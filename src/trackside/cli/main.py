"""The command `trackside`: parses the command line and runs the command.

The modules of commands are imported when they are needed, so that `-h` and mistakes are answered at once.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn

import trackside
from trackside.cli.access import parsers as people_parsers
from trackside.cli.alerts import parsers as alert_parsers
from trackside.cli.azure import parsers as azure_parsers
from trackside.cli.backup import parsers as backup_parsers
from trackside.cli.cleanup import parsers as cleanup_parsers
from trackside.cli.drift import monitor_parsers
from trackside.cli.drift import parsers as drift_parsers
from trackside.cli.endpoints import parsers as endpoint_parsers
from trackside.cli.holds import parsers as hold_parsers
from trackside.cli.imports import parsers as import_parsers
from trackside.cli.jobs import parsers as job_parsers
from trackside.cli.links import parsers as link_parsers
from trackside.cli.monitoring import parsers as monitoring_parsers
from trackside.cli.output import WRONG, Stop, guarded, print_error
from trackside.cli.parsers import add_command, add_group, add_json
from trackside.cli.quotas import parsers as quota_parsers
from trackside.cli.sign_in import parsers as sign_in_parsers
from trackside.cli.webhooks import parsers as webhook_parsers
from trackside.cli.workspaces import parsers as workspace_parsers
from trackside.core import locations, settings
from trackside.core.options import OPTIONS, REFUSED_FLAGS, REGISTRY_STORE, SERVE_ARTIFACTS, Option

ADMIN = "trackside.cli.admin"
STORE_OPTIONS = ("data", "store", "store_file")
BACKUP_OPTIONS = ("data", "store", "store_file", "artifacts")
_WRONG_NUMBER = re.compile(r"argument ([^:/]+)(?:/\S+)?: invalid (int|number) value: (.*)")
_MISSING = re.compile(r"Missing value for required parameter '(\w+)'")
_SNAKE = re.compile(r"(?<![\w/'\"])[a-z]+(?:_[a-z]+)+(?![\w/'\"])")
_FIELDS = {  # a field of a call, and the `dest` of the flag that sets it
    "artifacts": "files",
    "default_artifact_root": "artifact_root",
    "digest_s": "digest",
    "ends_at": "until",
    "expires_in_days": "expires",
    "interval_s": "interval",
    "latency_s": "latency",
    "limit": "rows",
    "max_results": "max",
    "model_uri": "model",
    "older_than_days": "older_than",
    "past_windows": "past",
    "subscription_id": "subscription",
    "token_name": "name",
}
DOCTOR_OPTIONS = ("host", "port", "data", "store", "store_file", "artifacts")


def main(argv: Sequence[str] | None = None, **more: Any) -> int:
    """Run the command that `argv` names, and return its exit code.

    `more`: further keyword arguments of the command's function; tests use them to shorten a server's intervals."""
    return guarded(lambda: _run(sys.argv[1:] if argv is None else argv, more))


def _run(argv: Sequence[str], more: Mapping[str, Any]) -> int:
    parser = _parser(next(iter(argv), ""))
    if list(argv[:1]) == ["server"] and "-h" in argv[:-1] and not argv[argv.index("-h") + 1].startswith("-"):
        parser.error("-h prints help; use --host ADDRESS for MLflow's -h ADDRESS")
    args, unknown = parser.parse_known_args(argv)
    if unknown and not REFUSED_FLAGS.keys() & getattr(args, "given", {}):
        args.parser.error(f"unknown: {' '.join(unknown)}{args.parser.nearest_flag(unknown[0])}")
    if "module" not in args:
        args.parser.print_help()
        return WRONG
    for doubt in settings.unknown_variables():
        print_error(doubt)
    settings.complete_endpoint()
    kwargs = args.kwargs(args)
    try:
        code: int = getattr(import_module(args.module), args.function)(**kwargs, **more)
    except Stop as stop:
        stop.args = (args.parser.name_flags(str(stop)),)
        raise
    return code


class _Unmeasured(argparse.HelpFormatter):
    """A formatter that does not read the terminal's width: argparse creates one for each added flag, only to check it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=1000)


class _Parser(argparse.ArgumentParser):
    """A parser that prints one line for an error, not the whole usage."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Unmeasured, **options)
        self.set_defaults(parser=self)

    def format_help(self) -> str:
        from trackside.cli.examples import EXAMPLES  # noqa: PLC0415  # only for help

        self.formatter_class = argparse.HelpFormatter
        example = EXAMPLES.get(self.prog.partition(" ")[2])
        return super().format_help() + (f"\nexample:\n  {example}\n" if example else "")

    def nearest_flag(self, unknown: str) -> str:
        """Return a question that names the nearest flag; empty if no flag is near."""
        is_flag = unknown.startswith("-")
        return _nearest(unknown.partition("=")[0], self._option_string_actions, "") if is_flag else ""

    def name_flags(self, message: str) -> str:
        """Return a message of the server with the names of fields replaced by the flags that set them."""
        names = {action.dest: _name_of(action) for action in self._actions}
        names |= {field: names[dest] for field, dest in _FIELDS.items() if dest in names and field not in names}
        missing = _MISSING.match(message)
        if missing:
            return f"{names.get(missing[1], missing[1])} is empty"
        first, blank, rest = message.partition(" ")
        message = f"{names.get(first, first)}{blank}{rest}" if rest.startswith(("is ", "has ", "names ")) else message
        return _SNAKE.sub(lambda word: names.get(word[0], word[0]), message)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Name the nearest choice; argparse does so only from Python 3.14 on, and never for a command."""
        if action.choices is None or value in action.choices:
            return
        choices = [str(each) for each in action.choices]
        nearest = _nearest(str(value), choices, "'")
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # argparse has no public name for it
            self.error(f"unknown command {value!r}{nearest}")
        self.error(f"{_name_of(action)} is {value!r}; it must be {', '.join(choices[:-1])} or {choices[-1]}{nearest}")

    def error(self, message: str) -> NoReturn:
        # A mistyped flag leaves its value over, which may be a URL with a password.
        safe = re.sub(r"\S*(?::/|@)\S*", lambda word: locations.redact(word[0].strip("'\"")), message)
        wrong = _WRONG_NUMBER.match(safe)
        if wrong:
            safe = f"{wrong[1]} is {wrong[3]}; it must be a {'whole ' * (wrong[2] == 'int')}number"
        print_error(f"{safe.removeprefix('argument ')} (see `{self.prog} -h`)")
        raise SystemExit(WRONG)


def _name_of(action: argparse.Action) -> str:
    if action.option_strings:
        return action.option_strings[0]
    return action.metavar if isinstance(action.metavar, str) else action.dest.upper()


def _nearest(typed: str, known: Iterable[str], quote: str) -> str:
    from difflib import SequenceMatcher, get_close_matches  # noqa: PLC0415  # only for mistakes

    found = get_close_matches(typed, list(known))
    near = [SequenceMatcher(None, each, typed).ratio() for each in found]
    alike = [f"{quote}{each}{quote}" for each, ratio in zip(found, near, strict=True) if ratio == near[0]]
    return f"; did you mean {' or '.join(alike)}?" if alike else ""


class _Collect(argparse.Action):
    """An action that stores each flag as it was typed, for messages that name it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002  # argparse's signature
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        namespace.given[option_string] = "true" if self.nargs == 0 else values or ""


def _parser(first: str = "") -> argparse.ArgumentParser:
    """Return a parser of the command `first`, or of all commands if there is none of this name.

    Creating the parsers of all commands takes half as long as a server's start."""
    parser = _Parser(
        prog="trackside",
        description="A workspace server that every MLflow client can log to.",
        epilog="Exit codes: 0 success; 1 the command ran, and found a problem or its work failed;"
        " 2 the command could not run, and one line says why.",
    )
    parser.add_argument("--version", action="version", version=f"trackside {trackside.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for add in [add for names, add in COMMANDS if first in names] or [add for _, add in COMMANDS]:
        add(commands)
    return parser


def _add_server(commands: Any) -> None:
    server = _command(commands, "server", "run the server", "trackside.cli.server.commands", "run", OPTIONS)
    _accept_mlflows_flags(server)


def _add_db(commands: Any) -> None:
    db_commands = add_group(commands, "db", "check and upgrade the database schema, and restore a store")
    _command(db_commands, "check", "check whether the schema fits this version", ADMIN, "check", STORE_OPTIONS)
    upgrade = _command(db_commands, "upgrade", "upgrade the schema to this version", ADMIN, "upgrade", STORE_OPTIONS)
    upgrade.add_argument(
        "--no-backup", action="store_true", help="skip the backup, for example because you have another one"
    )
    upgrade.set_defaults(kwargs=lambda args: {**_settings(args), "with_backup": not args.no_backup})
    restore = _command(
        db_commands, "restore", "restore a backup to a new store", "trackside.cli.backup.restore", "run", STORE_OPTIONS
    )
    restore.add_argument(
        "file", metavar="FILE", help="the backup, such as trackside-data/backups/before-0009-20260131T120000.db"
    )
    restore.set_defaults(kwargs=lambda args: {**_settings(args), "file": args.file})


def _add_doctor(commands: Any) -> None:
    doctor = _command(
        commands, "doctor", "diagnose the configuration and its store", "trackside.cli.doctor", "run", DOCTOR_OPTIONS
    )
    add_json(doctor)
    doctor.set_defaults(kwargs=lambda args: {**_settings(args), "as_json": args.json})


def _add_people(commands: Any) -> None:
    people_parsers.add_commands(commands, lambda made: _add_all(made, STORE_OPTIONS))


def _add_backup(commands: Any) -> None:
    backup_parsers.add_commands(commands, lambda made: _add_all(made, BACKUP_OPTIONS))


def _add_version(commands: Any) -> None:
    version = _command(
        commands, "version", "show the versions of Trackside, Python, SQLite and the system", ADMIN, "version", ()
    )
    version.set_defaults(kwargs=lambda _: {})  # independent of settings in the environment


# In the order of `trackside -h`: the commands, and the function that adds them to the parser.
COMMANDS: Sequence[tuple[tuple[str, ...], Callable[[Any], None]]] = (
    (("server",), _add_server),
    (("db",), _add_db),
    (("doctor",), _add_doctor),
    (("user", "group", "token", "role", "access", "audit"), _add_people),
    (("login", "logout"), sign_in_parsers.add_commands),
    (("workspace",), workspace_parsers.add_commands),
    (("link",), link_parsers.add_commands),
    (("endpoint",), endpoint_parsers.add_commands),
    (("job",), job_parsers.add_commands),
    (("schedule",), job_parsers.add_schedules),
    (("score",), job_parsers.add_score),
    (("profile",), job_parsers.add_profile),
    (("drift",), drift_parsers.add_commands),
    (("monitor",), monitor_parsers.add_commands),
    (("delete", "trash", "retention", "storage", "orphans"), cleanup_parsers.add_commands),
    (("hold",), hold_parsers.add_commands),
    (("backup",), _add_backup),
    (("import",), import_parsers.add_commands),
    (("quota",), quota_parsers.add_commands),
    (("alert",), alert_parsers.add_commands),
    (("webhook",), webhook_parsers.add_commands),
    (("monitoring",), monitoring_parsers.add_commands),
    (("azure-env",), azure_parsers.add_commands),
    (("version",), _add_version),
)


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    return {"chosen": settings.load(args.given)}


def _command(
    commands: Any, name: str, summary: str, module: str, function: str, options: Iterable[str]
) -> argparse.ArgumentParser:
    parser = add_command(commands, name, summary, module, function)
    _add_all(parser, options)
    parser.set_defaults(kwargs=_settings)
    return parser


def _add_all(parser: argparse.ArgumentParser, options: Iterable[str]) -> None:
    for option in options:
        _add(parser, OPTIONS[option])


def _add(parser: argparse.ArgumentParser, option: Option) -> None:
    if option.is_secret:
        return
    default = (
        f"default {option.default}; " if option.default and not option.is_switch and "," not in option.default else ""
    )
    text = f"{option.help} ({default}{option.variable})".replace("%", "%%")
    if option.is_switch:
        parser.add_argument(*option.flags, action=_Collect, nargs=0, help=text)
    else:
        parser.add_argument(*option.flags, action=_Collect, metavar=option.metavar, help=text)


def _accept_mlflows_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(REGISTRY_STORE, action=_Collect, help=argparse.SUPPRESS)
    parser.add_argument(SERVE_ARTIFACTS, action=_Collect, nargs=0, help=argparse.SUPPRESS)
    for flag in REFUSED_FLAGS:
        parser.add_argument(flag, action=_Collect, nargs="?", help=argparse.SUPPRESS)


if __name__ == "__main__":
    sys.exit(main())
