"""Rules beyond imports.  import-linter checks the order of the packages (pyproject.toml)."""

import ast
from pathlib import Path

import pytest

from support.sources import tree

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[3]
SERVER = ROOT / "src" / "trackside"
CLIENT = ROOT / "packages" / "trackside-mlflow" / "trackside_mlflow"

# Modules that decide: they compute with values and know no transaction, request, file or clock.
PURE = [
    *("core/filters/*.py", "*/model.py", "*/limits.py", "*/series.py", "*/diff.py", "*/plan.py", "*/distance.py"),
    *("registry/files/sources.py", "registry/moments.py"),
]
WORLD = ("trackside.core.db", "trackside.core.http", "sqlite3", "psycopg", "obstore", "uvicorn", "subprocess", "socket")
WIRE = "trackside.core.http.codec."  # the base types of calls and answers, which are values


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree(file.read_text())):
        match node:
            case ast.Import(names=names):
                found |= {name.name for name in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {f"{module}.{name.name}" for name in names}
    return found


def _reads_environment(file: Path) -> bool:
    source = file.read_text()
    if "environ" not in source and "getenv" not in source:
        return False
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("environ", "environb", "getenv")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        for node in ast.walk(tree(source))
    ) or any(name in ("os.environ", "os.getenv") for name in _imports(file))


@pytest.mark.parametrize("package", [SERVER, CLIENT], ids=["trackside", "trackside_mlflow"])
def test_each_module_has_a_docstring(package: Path) -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in package.rglob("*.py")
        if (module := tree(file.read_text())).body and not ast.get_docstring(module)
    ]

    assert not silent


@pytest.mark.parametrize(("package", "home"), [(SERVER, "core/settings.py"), (CLIENT, "settings.py")])
def test_only_the_settings_read_the_environment(package: Path, home: str) -> None:
    readers = {str(file.relative_to(package)) for file in package.rglob("*.py") if _reads_environment(file)}

    # The scorer and a batch job are processes of their own, which tell MLflow by variables how it loads models.  The last one
    # runs in a pod.
    own_processes = {"scorer/model.py", "scorer/batch/main.py", "endpoints/backends/kubernetes_fetch.py"}
    own_processes |= {"scorer/batch/spark/session.py", "scorer/batch/spark/function.py", "projects/describe.py"}
    own_processes |= {"scorer/without_mlflow.py", "jobs/executors/ray_driver.py", "jobs/executors/ray_entry.py"}
    own_processes |= {"projects.py"}  # of the client: started by `mlflow run`, it reads where the server is
    assert readers - own_processes <= {home}


def test_pure_modules_import_no_modules_with_side_effects() -> None:
    files = {file for pattern in PURE for file in SERVER.glob(pattern)}

    worldly = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files
        for name in _imports(file)
        if any(f"{name}.".startswith(f"{world}.") for world in WORLD) and not name.startswith(WIRE)
    }

    assert files
    assert not worldly
