"""Every place where external text could do harm is listed with the function that checks the text."""

import textwrap
from importlib import import_module
from pathlib import Path

import pytest

from unit.source.sinks.model import CONSTANT, OPERATOR
from unit.source.sinks.scan import KINDS, Sink, all_sinks, sinks_of
from unit.source.sinks.table import REVIEWED

pytestmark = pytest.mark.source

SERVER = Path(__file__).parents[4] / "src" / "trackside"

PLANTED = {
    "path": [
        "open(name)",
        "os.open(name, 0)",
        "Path(name)",
        "shutil.rmtree(name)",
        "place.read_text()",
        "sqlite3.connect(name)",
    ],
    "uri": ["urlsplit(name)", "quote(name)", 'f"s3://{name}/x"', 'f"{name}://x"'],
    "host": [
        "http.client.HTTPConnection(name)",
        "socket.create_connection((name, 1))",
        "sock.connect((name, 1))",
        "from_url(name)",
        "self.do_open(HTTPConnection, name)",
    ],
    "sql": ['tx.all(f"SELECT {name}")', "tx.run(name)", 'self._tx.one("SELECT " + name)', "connection.execute(name)"],
    "header": ['headers = [(b"location", name.encode())]', "connection.putheader('a', name)"],
    "log": ['log.warning("%s", name)', '_log.error("x %s", name)'],
    "process": ["subprocess.run(name)", "os.execv(name, [])"],
}


def reviewed() -> list[Sink]:
    return [
        Sink(module, function, each.kind)
        for each in REVIEWED
        for module, functions in each.places.items()
        for function in functions.split()
    ]


def test_every_listed_sink_is_reviewed_once_and_exists() -> None:
    table = reviewed()
    whole = {(sink.kind, sink.module) for sink in table if sink.function == "*"}
    found = {
        Sink(sink.module, "*", sink.kind) if (sink.kind, sink.module) in whole else sink for sink in all_sinks(SERVER)
    }

    assert sorted(found - set(table)) == [], "review each: who may choose this text, and what checks it? (table.py)"
    assert sorted(set(table) - found) == [], "these are gone; take them out of table.py"
    assert len(table) == len(set(table))


def test_each_function_that_checks_exists(subtests: pytest.Subtests) -> None:
    for checker in sorted({each.checked_by for each in REVIEWED} - {OPERATOR, CONSTANT}):
        with subtests.test(checker=checker):
            words = checker.split(".")
            at = next(
                count
                for count in range(len(words), 0, -1)
                if (SERVER.parent / Path(*words[:count])).with_suffix(".py").is_file()
            )

            found: object = import_module(".".join(words[:at]))
            for word in words[at:]:
                found = getattr(found, word)

            assert callable(found)


def test_a_new_sink_is_found(subtests: pytest.Subtests) -> None:
    for kind in KINDS:
        for statement in PLANTED[kind]:
            with subtests.test(kind=kind, statement=statement):
                lines = ["async def b(self, name):", "    if name:", "        return lambda: 1", f"    {statement}"]
                source = "class A:\n" + textwrap.indent("\n".join(lines), "    ")
                assert Sink("x.py", "A.b", kind) in sinks_of("x.py", source)


def test_a_constant_argument_is_not_a_sink() -> None:
    for statement in (
        'tx.all("SELECT 1", id=name)',
        'log.info("started")',
        'Path("fixed")',
        'x = [(b"a", b"b")]',
        "text.replace(name, name)",
    ):
        assert sinks_of("x.py", f"def f(name):\n    {statement}\n") == set(), statement
