"""Finds where text becomes a path, a URI, a host to call, SQL, a header, a log line or a process.

Reads the source; runs nothing of it.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.sources import tree

KINDS = ("path", "uri", "host", "sql", "header", "log", "process")

_OS_PATHS = frozenset(
    "open stat lstat mkdir makedirs unlink remove rename replace link symlink readlink listdir scandir walk chmod utime rmdir"
    " access truncate mkfifo realpath abspath".split()
)
_PATH_METHODS = frozenset(
    "read_text write_text read_bytes write_bytes unlink mkdir rmdir iterdir rglob symlink_to chmod is_dir is_file".split()
)
_URI_CALLS = frozenset({"urlsplit", "urlparse", "urlunsplit", "quote", "urlencode", "geturl"})
_HOST_CALLS = frozenset(
    {
        "HTTPConnection",
        "HTTPSConnection",
        "create_connection",
        "getaddrinfo",
        "from_url",
        "urlopen",
        "build_opener",
        "do_open",
        "open_connection",
        "connect_ex",
    }
)
_SQL_CALLS = frozenset({"run", "one", "all", "many", "execute", "executescript", "query", "stream"})
_SQL_OBJECTS = frozenset({"tx", "_tx", "inside", "connection", "_connection", "wire", "_wire", "rows", "_rows"})
_LOG_CALLS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
_LOGS = frozenset({"log", "_log", "logging", "logger"})


@dataclass(frozen=True, order=True)
class Sink:
    module: str
    function: str
    kind: str


def sinks_of(module: str, source: str) -> set[Sink]:
    reader = _Reader()
    reader.visit(tree(source))
    return {Sink(module, function, kind) for function, kind in reader.found}


def all_sinks(package: Path) -> set[Sink]:
    found: set[Sink] = set()
    for file in sorted(package.rglob("*.py")):
        found |= sinks_of(file.relative_to(package).as_posix(), file.read_text())
    return found


class _Reader(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found: set[tuple[str, str]] = set()
        self._scope: list[str] = []

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self._scope.append(node.name)
        self.generic_visit(node)
        self._scope.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  # the names of ast
    visit_ClassDef = visit_FunctionDef  # noqa: N815  # the same

    def visit_Call(self, node: ast.Call) -> None:
        for kind in _kinds_of(node):
            self._add(kind)
        self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        match node.elts:
            case [ast.Constant(value=bytes()), value] if not isinstance(value, ast.Constant | ast.Tuple):
                self._add("header")
        self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """`f"{scheme}://{host}"`: a placeholder beside the mark of a URI."""
        for before, after in zip(node.values, node.values[1:], strict=False):
            match before, after:
                case [ast.Constant(value=str(text)), ast.FormattedValue()] if text.endswith("://"):
                    self._add("uri")
                case [ast.FormattedValue(), ast.Constant(value=str(text))] if text.startswith("://"):
                    self._add("uri")
        self.generic_visit(node)

    def _add(self, kind: str) -> None:
        self.found.add((".".join(self._scope) or "<module>", kind))


def _kinds_of(node: ast.Call) -> Iterator[str]:
    name, owner = _named(node.func)
    is_fixed = all(isinstance(argument, ast.Constant) for argument in node.args)
    if (
        (owner in ("os", "path") and name in _OS_PATHS)
        or owner == "shutil"
        or (name == "open" and owner is None)
        or (name == "connect" and owner == "sqlite3")
        or (name == "Path" and not is_fixed)
        or (name in _PATH_METHODS and owner != "os")
        or name == "LocalBlobs"
    ):
        yield "path"
    if name in _URI_CALLS:
        yield "uri"
    if (
        name in _HOST_CALLS
        or (name == "connect" and owner not in ("sqlite3", None) and node.args)
        or name == "CloudBlobs.at"
    ):
        yield "host"
    if name in _SQL_CALLS and owner in _SQL_OBJECTS and node.args and not isinstance(node.args[0], ast.Constant):
        yield "sql"
    if name == "putheader" or (name == "add_header"):
        yield "header"
    if name in _LOG_CALLS and owner in _LOGS and len(node.args) > 1:
        yield "log"
    if owner == "subprocess" or (owner == "os" and name.startswith(("exec", "spawn", "fork", "system", "posix_spawn"))):
        yield "process"


def _named(func: ast.expr) -> tuple[str, str | None]:
    """The last name of what is called, and of what it belongs to."""
    match func:
        case ast.Name(id=name):
            return name, None
        case ast.Attribute(attr=name, value=ast.Name(id=owner)):
            return name, owner
        case ast.Attribute(attr=name, value=ast.Attribute(attr=owner)):
            return name, owner
        case ast.Attribute(attr=name):
            return name, ""
    return "", None
