"""The texts of the command line: help, flags with their variables, usage errors."""

import argparse
import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest

from support.processes.command_line import Launch, run_here
from support.processes.servers import trackside
from support.receiver import Receiver
from trackside.cli import main
from trackside.cli.examples import EXAMPLES
from trackside.core import settings

# Words

LINK = ["link", "add", "l", "--to", "http://127.0.0.1:1"]


def commands() -> dict[str, argparse.ArgumentParser]:
    """Return every command of the parser."""
    found: dict[str, argparse.ArgumentParser] = {}

    def walk(parser: argparse.ArgumentParser, words: str) -> None:
        found[words] = parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, inner in action.choices.items():
                    walk(inner, f"{words} {name}".strip())

    walk(main._parser(), "")
    return found


COMMANDS = commands()

# They say what one call does, and are said with it.  All others say where, who and how: those have a variable.
OF_ONE_CALL = {
    "": ["--version"],
    "db upgrade": ["--no-backup"],
    "azure-env": ["--ca", "--format"],
    # Left out, --server means the store itself, whatever TRACKSIDE_URL says.
    "user create": "--server --admin --service --no-password --display-name --password-stdin --one-time-password".split(),
    "user password": ["--server", "--password-stdin", "--one-time-password"],
    "user list": ["--server", "--json"],
    **{f"user {verb}": ["--server"] for verb in ("delete", "promote", "demote", "disable", "enable")},
    **{f"user {verb}": ["--server", "--json"] for verb in ("identities", "trusts")},
    **{f"user {verb}": ["--server"] for verb in ("unlink", "untrust")},
    "user link": ["--server", "--provider", "--subject"],
    "user trust": ["--server", "--provider", "--claim"],
    **{f"group {verb}": ["--server"] for verb in ("create", "delete", "add", "remove")},
    "group list": ["--server", "--json"],
    "token create": "--server --scope --place --expires --user".split(),
    "token list": ["--server", "--json", "--user"],
    "token revoke": ["--server", "--user"],
    "role list": ["--server", "--json"],
    **{f"role {verb}": ["--server"] for verb in ("create", "delete")},
    **{f"access {verb}": "--server --scope --experiment --model --endpoint".split() for verb in ("grant", "deny")},
    "access list": "--server --json --principal --scope --experiment --model --endpoint".split(),
    "access revoke": ["--server"],
    "access explain": "--server --json --scope --experiment --model --endpoint".split(),
    "audit list": "--server --json --actor --action --outcome --max".split(),
    "audit verify": ["--server"],
    "login": "--username --provider --show --no-mlflow".split(),
    "doctor": ["--json"],
    "link add": "--to --mode --kind --experiments --exclude --registry --backfill --prefix --rate".split()
    + "--max-deletions --max-deletions-percent --token-file --username --no-wait".split(),
    "score": "--input --output --where --columns --input-format --output-format --env --processes --max-failed-rows"
    " --overwrite --append --experiment --engine --spark-master --spark-conf --stream --checkpoint --interval".split(),
    "profile": "--json --input --input-format --rows --concurrency --seconds --rate --latency-ms --threads --batching --env"
    " --experiment".split(),
    "hold add": ["--reason", "--until", "--json"],
    "hold list": ["--json"],
    "orphans find": ["--grace-hours", "--json"],
    "orphans list": ["--rows", "--json"],
    "orphans quarantine": "--with-other --grace-hours --preview --yes --json".split(),
    "orphans quarantined": ["--json"],
    "orphans restore": ["--json"],
    "orphans purge": "--older-than --preview --yes --json".split(),
    "storage": "--by --experiment --user --max --count --json".split(),
    "schedule list": ["--json"],
    "schedule show": ["--json"],
    "schedule create": "--cron --interval --timezone --priority".split(),
    "job list": ["--json", "--state", "--kind", "--max"],
    "job show": ["--json"],
    "job logs": ["--follow", "--raw"],
    "job start": ["--priority", "--wait"],
    "endpoint create": "--auth-mode --model --deployment --backend --env --replicas --max-replicas --set --wait".split(),
    "endpoint update": (
        "--model --deployment --backend --env --replicas --max-replicas --set --wait --traffic --mirror".split()
    ),
    **{
        f"delete {kind}": "--preview --yes --json".split()
        for kind in "run experiment logged-model model version param tag artifact endpoint dataset job monitor"
        " capture-day token link-log alias deployment webhook schedule alert-rule view record trace dataset-input".split()
    },
    "delete link": "--copies --preview --yes --json".split(),
    "delete workspace": "--preview --yes --json".split(),
    "delete resource-group": "--subscription --preview --yes --json".split(),
    "delete metric": "--steps --preview --yes --json".split(),
    **{
        f"retention {verb}": [
            *"--experiments --filter --older-than --keep-last --keep-best --metric --lower --files".split(),
            *"--permanently --most-percent --json".split(),
            *(["--cron"] if verb == "schedule" else []),
        ]
        for verb in ("preview", "run", "schedule")
    },
    "retention traces": (
        "--experiments --older-than --keep-last --most-percent --preview --schedule --cron --json".split()
    ),
    "backup create": "--to --with-secrets --json".split(),
    "backup list": ["--json"],
    "backup export": ["--to", "--json"],
    "backup import": ["--as", "--json"],
    "backup verify": ["--restore", "--json"],
    "backup restore": ["--keep-links", "--json"],
    "trash list": ["--older-than", "--json"],
    "trash purge": "--older-than --preview --yes --json".split(),
    "endpoint request-log": (
        "--json --on --off --delete --sampling --max-mb --keep-days --rows --output --since --until --deployment".split()
    ),
    "monitor create": (
        "--endpoint --deployment --table --timestamp --baseline --baseline-dataset --baseline-run --past --window --timezone"
        " --latency --rules --columns --slices --label --score --magnitude --attribution --no-schedule --experiment".split()
    ),
    "monitor list": ["--json"],
    "monitor show": ["--slice", "--json"],
    "monitor run": ["--start", "--end", "--json"],
    "monitor incidents": ["--monitor", "--open", "--json"],
    "monitor report": ["--html", "--start", "--slice"],
    "drift compare": "--rules --columns --json --html".split(),
    "endpoint list": ["--json"],
    "endpoint show": ["--json"],
    "endpoint rollback": ["--deployment"],
    "endpoint logs": "--json --deployment --lines --raw".split(),
    "endpoint keys": ["--json", "--regenerate"],
    "endpoint invoke": ["--deployment"],
    "link list": ["--json"],
    "link show": ["--json"],
    "link check": ["--json", "--verify"],
    "link log": ["--json"],
    "link sync": ["--no-wait", "--verify"],
    "link resume": ["--accept-deletions"],
    "link remove": ["--copies"],
    "link init-script": ["--package"],
    "alert set": "--target --above --window --for --severity --disabled".split(),
    "alert show": ["--json"],
    "alert list": ["--json"],
    "webhook create": (
        "--url --event --description --format --digest --secret-file --username --authorization-file --mute-until"
        " --mute-weekly --timezone --disabled"
    ).split(),
    "webhook update": (
        "--name --url --event --description --format --digest --secret-file --username --authorization-file --mute-until"
        " --mute-weekly --timezone --enable --disable --unmute --no-secret --no-sign-in"
    ).split(),
    "webhook test": ["--event"],
    "webhook deliveries": "--state --max --json".split(),
    **{f"webhook {verb}": ["--json"] for verb in ("list", "show", "delivery")},
    "quota set": "--user --experiment --all-workspaces --each-user --each-experiment".split(),
    "quota delete": "--user --experiment --all-workspaces --each-user --each-experiment".split(),
    "quota show": "--user --experiment --all-workspaces --json".split(),
    "quota list": ["--json"],
    "workspace create": "--description --artifact-root --subscription --resource-group --json".split(),
    "workspace list": ["--json"],
    "import": "--artifacts --source-workspace --token-file --username --dry-run --verify --json".split(),
}


def test_every_command_has_a_help_text(tmp_path: Path, subtests: pytest.Subtests) -> None:
    families = {words.partition(" ")[0]: words for words in COMMANDS}
    for words, parser in COMMANDS.items():
        with subtests.test(words=words):
            assert parser.format_help().startswith(f"usage: {' '.join(['trackside', *words.split()])} ")
    for words in families.values():  # the parser of one family takes as long as the help of all
        with subtests.test(words=words):
            assert run_here(*words.split(), "-h", cwd=tmp_path) == (0, f"{COMMANDS[words].format_help()}", "")


def test_every_word_of_a_command_is_explained(subtests: pytest.Subtests) -> None:
    for words in COMMANDS:
        with subtests.test(words=words):
            unexplained = [
                action.dest for action in COMMANDS[words]._actions if not action.help and not is_group(action)
            ]

            assert unexplained == []


def is_group(action: argparse.Action) -> bool:
    return isinstance(action, argparse._SubParsersAction)


def test_the_help_of_a_command_has_an_example_that_it_takes(subtests: pytest.Subtests) -> None:
    parser_of = cache(main._parser)
    for words in [words for words, parser in COMMANDS.items() if not any(map(is_group, parser._actions))]:
        with subtests.test(words=words):
            example = shlex.split(EXAMPLES[words].partition(" > ")[0])

            parsed, strange = parser_of(example[1]).parse_known_args(example[1:])

            assert (example[0], strange) == ("trackside", [])
            assert parsed.parser.prog == f"trackside {words}"
            assert COMMANDS[words].format_help().endswith(f"\nexample:\n  {EXAMPLES[words]}\n")


def test_no_example_names_a_removed_command() -> None:
    assert set(EXAMPLES) <= set(COMMANDS)


def test_every_flag_names_its_variable_unless_it_is_about_one_call(subtests: pytest.Subtests) -> None:
    for words in COMMANDS:
        with subtests.test(words=words):
            flags = [
                action for action in COMMANDS[words]._actions if action.option_strings and action.help != "==SUPPRESS=="
            ]
            named = {flag.option_strings[0]: re.findall(r"TRACKSIDE_[A-Z_]+", flag.help or "") for flag in flags}
            del named["-h"]

            assert {flag for flag, variables in named.items() if not variables} == set(OF_ONE_CALL.get(words, []))
            assert {each for variables in named.values() for each in variables} <= settings.variables()


def test_a_command_is_built_without_the_parsers_of_the_others(subtests: pytest.Subtests) -> None:
    for names, add in main.COMMANDS:
        with subtests.test(names=names):
            commands = argparse.ArgumentParser().add_subparsers()

            add(commands)

            assert set(commands.choices) == set(names)


def test_help_names_every_flag_with_its_variable(tmp_path: Path) -> None:
    _, said, _ = trackside("server", "-h", cwd=tmp_path, COLUMNS="200")

    for flag in re.findall(r"--[a-z-]+", said):
        if flag not in ("--help", "--backend-store-uri", "--artifacts-destination"):
            assert "TRACKSIDE_" + flag.strip("-").replace("-", "_").upper() in said


def test_version_is_printed_in_both_forms_in_any_environment(tmp_path: Path) -> None:
    long = trackside("version", cwd=tmp_path, TRACKSIDE_PORT="x")
    short = trackside("--version", cwd=tmp_path)

    assert long[0] == short[0] == 0
    assert short[1].split() == long[1].split()[:2]
    assert long[1].split()[0] == "trackside"
    assert sqlite3.sqlite_version in long[1]


def test_a_usage_error_is_one_line_with_exit_code_2(tmp_path: Path, subtests: pytest.Subtests) -> None:
    cases: list[tuple[list[str], str]] = [
        (["serve"], "unknown command 'serve'; did you mean 'server'? (see `trackside -h`)"),
        (["jobs", "list"], "unknown command 'jobs'; did you mean 'job'?"),
        (["job", "ls"], "unknown command 'ls'; did you mean 'logs' or 'list'? (see `trackside job -h`)"),
        (
            ["delete", "runs", "1"],
            "unknown command 'runs'; did you mean 'run'? (see `trackside delete -h`)",
        ),
        (["frobnicate"], "unknown command 'frobnicate' (see `trackside -h`)"),
        (
            ["server", "--prot", "1"],
            "unknown: --prot 1; did you mean --port? (see `trackside server -h`)",
        ),
        (["link", "list", "--jsn"], "unknown: --jsn; did you mean --json? (see `trackside link list -h`)"),
        (["link", "list", "--frobnicate=1"], "unknown: --frobnicate=1 (see `trackside link list -h`)"),
        (["link", "list", "more"], "unknown: more (see `trackside link list -h`)"),
        ([*LINK, "--mode", "pul"], "--mode is 'pul'; it must be push, pull or both; did you mean 'pull'?"),
        (
            ["storage", "--by", "x"],
            "--by is 'x'; it must be workspace, experiment, user, kind, age or item (see `trackside",
        ),
        (
            ["hold", "add", "rum", "1", "--reason", "x"],
            "KIND is 'rum'; it must be run, experiment, logged-model, model,",
        ),
        (["server", "--port"], "--port/-p: expected one argument"),
        (["server", "--port", "x"], "--port is 'x'; it must be a number from 0 to 65535"),
        (["server", "-h", "0.0.0.0"], "use --host ADDRESS for MLflow's -h ADDRESS"),
        (
            ["server", "--gunicorn-opts", "--timeout=9"],
            "--gunicorn-opts is a flag of MLflow's server that Trackside does",
        ),
        (["server", "--backend-store-uri", "./mlruns"], "a folder of files (such as mlruns) cannot be the store"),
        (["server", "--workers", "2"], "a SQLite store has one writing process"),
        (["server", "--host", "0.0.0.0"], "Add --allow-unauthenticated to allow this"),
        (["server", "--host", "::"], "Add --allow-unauthenticated to allow this"),
        (["server", "--host", "no.such.host.invalid"], "which this machine cannot resolve"),
        (["server", "--host", "192.0.2.1", "--allow-unauthenticated"], "which is not an address of this machine"),
        (["server", "--data", "a-file/x"], "choose another place with --data"),
        (
            ["server", "--port", "0", "--artifacts", "a-file/x"],
            "a-file/x'; the folder cannot be used (Not a directory)",
        ),
        (["server", "--store", "sqlite:///a-file/x.db"], "a-file (File exists); choose another place with --store"),
        (["server", "--store", "sqlite:///a-file"], "cannot be opened (file is not a database)"),
        (["db", "check", "--store", "sqlite:///a-file"], "cannot be opened (file is not a database)"),
        (["db", "check", "--workers", "1"], "unknown: --workers 1"),
        (["db", "restore"], "the following arguments are required: FILE"),
        (["db", "restore", "missing"], "cannot read missing (No such file or directory)"),
        (["db", "restore", "."], "cannot read . (Is a directory)"),
        (["db", "restore", "a-file"], "a-file is not a backup of Trackside; backups end in .db (SQLite) or .sql.gz"),
        ([*LINK, "--token-file", "missing"], "--token-file is 'missing', which cannot be read (No such file"),
        ([*LINK, "--token-file", "."], "--token-file is '.', which cannot be read (Is a directory)"),
        ([*LINK, "--token-file", "binary"], "--token-file is 'binary', which has no token"),
        ([*LINK, "--token-file", "empty"], "--token-file is 'empty', which has no token"),
        ([*LINK, "--token-file", "-"], "--token-file is '-', which has no token"),
        ([*LINK, "--username", "ann"], "there is no password of ann: type it, or pass it on standard input"),
        ([*LINK, "--server", "ftp://x"], "--server is 'ftp://x'; it must be http(s)://HOST:PORT"),
        ([*LINK, "--server", "http://[x"], "--server is 'http://[x'; it must be http(s)://HOST:PORT"),
        ([*LINK, "--server", "http://h:port"], "--server is 'http://h:port'; it must be http(s)://HOST:PORT"),
        ([*LINK, "--server", "http://a b"], "--server is 'http://a b'; it must be http(s)://HOST:PORT"),
        (["link", "show", ""], "NAME is empty; `trackside link list` shows the links"),
        ([*LINK, "--server", "http://127.0.0.1:1"], "no answer from http://127.0.0.1:1 (["),
        ([*LINK, "--server", f"http://{'a' * 70}.example"], "it must be http(s)://HOST:PORT"),
        ([*LINK, "--workspace", "a\nb"], r"--workspace is 'a\nb'; a workspace's name has 2 to 63 letters"),
        (["link", "list", "-w", "\u20ac"], "--workspace is '\u20ac'; a workspace's name has"),
        (["link", "init-script", "-w", "x'y"], "--workspace is \"x'y\"; a workspace's name has"),
        (["import", "a-file", "--token-file", "missing"], "--token-file is 'missing', which cannot be read"),
        (["import", "a-file", "--username", "ann"], "there is no password of ann"),
        (["import", "a-file", "--server", "http://127.0.0.1:1"], "set --server or TRACKSIDE_URL"),
    ]
    (tmp_path / "a-file").write_text("not a database" * 100)
    (tmp_path / "binary").write_bytes(b"\xff\0")
    (tmp_path / "empty").touch()

    for words, message in cases:
        with subtests.test(words=words, message=message):
            run = trackside if words[0] == "server" else run_here  # to fork a process takes most of the time
            code, said, complaints = run(*words, cwd=tmp_path)

            assert (code, said) == (2, "")
            assert complaints.startswith("trackside: ")
            assert complaints.count("\n") == 1
            assert message in complaints


def test_environment_variables_choose_the_server_of_commands(launch: Launch, tmp_path: Path) -> None:
    server = launch()
    (tmp_path / "mlruns").mkdir()
    place = {"TRACKSIDE_URL": f"http://127.0.0.1:{server.port}", "TRACKSIDE_WORKSPACE": "nowhere"}

    for words in (["link", "list"], ["import", "mlruns"]):
        code, said, complaints = trackside(*words, cwd=tmp_path, **place)
        assert (code, said, "Workspace 'nowhere' not found" in complaints) == (2, "", True), complaints
    assert trackside("link", "list", "-w", "default", cwd=tmp_path, **place) == (0, "", "")
    assert f"{place['TRACKSIDE_URL']}/ws/nowhere" in trackside("link", "init-script", cwd=tmp_path, **place)[1]
    for name, value in (("TRACKSIDE_TOKEN", "a b"), ("TRACKSIDE_TOKEN", "\u20ac"), ("TRACKSIDE_WORKSPACE", "a/b")):
        code, _, complaints = trackside("link", "list", cwd=tmp_path, **place | {name: value})
        assert (code, complaints.count("\n"), complaints.startswith(f"trackside: {name} is ")) == (2, 1, True)


@pytest.mark.parametrize(
    ("words", "typed", "sent"),
    [
        (["--token-file", "-"], "abc\n", {"token": "abc"}),
        (["--token-file", "token"], "", {"token": "x.y-z"}),
        (["--username", "ann"], "p w\n", {"username": "ann", "password": "p w"}),
    ],
)
def test_secrets_are_read_from_a_file_or_from_standard_input(
    words: list[str], typed: str, sent: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("  x.y-z\r\n")
    with closing(Receiver()) as server:
        trackside(*LINK, *words, "--server", server.url, cwd=tmp_path, given=typed)
        (got,) = server.received

    assert {name: got.json[name] for name in ("token", "username", "password") if name in got.json} == sent


def test_another_program_on_the_port_is_recognized(tmp_path: Path) -> None:
    with closing(Receiver()) as other:
        code, _, complaints = trackside("link", "pause", "l", "--server", other.url, cwd=tmp_path)

    assert (code, complaints.count("\n")) == (2, 1)
    assert "is not a Trackside server: its answer is not JSON" in complaints


def test_a_command_without_a_subcommand_lists_its_subcommands(tmp_path: Path) -> None:
    for words in ([], ["db"], ["link"]):
        code, said, _ = trackside(*words, cwd=tmp_path)

        assert code == 2
        assert "commands:" in said


def test_help_and_usage_errors_need_no_heavy_imports(tmp_path: Path) -> None:
    source = """
import sys
from trackside.cli.main import main
try:
    main(["server", "-h"])
except SystemExit:
    pass
main(["server", "--port", "x"])
print(sorted({"uvicorn", "asyncio", "sqlite3", "trackside.app"} & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", source], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stderr.splitlines()[-1] == "[]"


def test_the_server_imports_no_client_and_no_scientific_library(tmp_path: Path) -> None:
    source = "import sys, trackside.cli.server.process; print(sorted({m.partition('.')[0] for m in sys.modules}))"

    done = subprocess.run([sys.executable, "-c", source], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert not {"mlflow", "numpy", "pandas", "obstore", "psycopg", "requests"} & set(eval(done.stdout))


# Launch and end
