"""The choice of the Python that runs a model."""

from pathlib import Path

import pytest

from trackside.core.errors import Unsupported
from trackside.endpoints import environments
from trackside.endpoints.environments import Environments


class Chosen(Environments):
    """Records that an environment would be built, instead of building it."""

    def build(self, model: Path, tell: object = None, engine: str = "") -> str:
        return "built"


@pytest.mark.parametrize(
    ("uv", "local_python", "has_requirements", "chosen"),
    [
        ("/bin/uv", "", True, "built"),
        ("/bin/uv", "python", True, "built"),
        ("/bin/uv", "python", False, "python"),
        (None, "python", True, "python"),
        (None, "", True, "built"),
    ],
)
def test_auto_builds_an_environment_with_uv_and_otherwise_uses_the_operators_python(
    tmp_path: Path, uv: str | None, local_python: str, has_requirements: bool, chosen: str
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\n")  # a Python that can serve: to import mlflow takes two seconds
    program.chmod(0o755)
    if has_requirements:
        (tmp_path / "requirements.txt").write_text("mlflow\n")
    environments = Chosen(tmp_path, local_python and str(program), lambda: uv)

    found = environments.python("auto", tmp_path)

    assert found == (str(program) if chosen == "python" else chosen)


def test_without_uv_and_a_python_for_models_both_remedies_are_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("mlflow\n")

    with pytest.raises(Unsupported, match=r"pip install uv.*--model-python"):
        Environments(tmp_path / "kept", "", lambda: None).python("auto", tmp_path)


def test_a_python_that_cannot_serve_is_refused_with_the_command_that_repairs_it(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'httptools'\" >&2\nexit 1\n")
    python.chmod(0o755)

    with pytest.raises(Unsupported) as refused:
        environments.local(str(python))

    assert f"No module named 'httptools'. Run: {python} -m pip install httptools mlflow" in refused.value.message


@pytest.mark.parametrize(
    ("requirements", "flags"),
    [
        (["mlflow==3.17.2", "pyspark[connect]>=4,<5"], ["--no-binary", "pyspark"]),
        (["mlflow==3.17.2", "numpy<3 ; python_version > '3.8'"], []),
        (["pyspark @ https://files.example/pyspark.tar.gz"], []),
        (["pyspark==4.2.1", "https://files.example/pyspark-4.2.1.tar.gz"], []),
        (["pyspark==4.2.1", "./pyspark-4.2.1.tar.gz"], []),
        (["pyspark==4.2.1", "pyspark-4.2.1.tar.gz"], []),
    ],
)
def test_only_pyspark_is_built_from_source_and_only_from_the_index(requirements: list[str], flags: list[str]) -> None:
    assert environments._exceptions(requirements) == flags
