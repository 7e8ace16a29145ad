"""Projects with a `conda.yaml`.  Tests have no index of conda packages, so a script replaces micromamba."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from projects.test_backend import only_run, submit
from support.processes.servers import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

JOBS = "/api/trackside/v1/jobs"
MLPROJECT = """\
name: needs conda
conda_env: conda.yaml
entry_points:
  main:
    command: "cat $CONDA_PREFIX/asked && echo variable $OF_PACKAGE && which tool"
"""
CONDA = """\
name: any
channels: [conda-forge]
dependencies:
  - python=3.11
  - conda-forge::r-base>=4
  - pip: ["-r requirements.txt"]
"""
# As micromamba does with these words: a prefix with programs, and a script that sets a variable.
MICROMAMBA = """\
#!/bin/sh
[ "$1 $2 $4" = "create --prefix --file" ] || { echo "unknown words: $*"; exit 2; }
[ "$CONDA_ALWAYS_YES$MAMBA_ALWAYS_YES" = truetrue ] || exit 3
mkdir -p "$3/bin" "$3/etc/conda/activate.d" "$CONDA_PKGS_DIRS"
cp "$5" "$3/asked"
echo >> "$3/asked"
grep -q no-such-package "$5" && { echo "nothing provides no-such-package"; exit 1; }
echo "export OF_PACKAGE=set" > "$3/etc/conda/activate.d/package.sh"
printf '#!/bin/sh\\n' > "$3/bin/tool"
chmod +x "$3/bin/tool"
echo Linked.
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "needs-conda"
    folder.mkdir()
    (folder / "MLproject").write_text(MLPROJECT)
    (folder / "conda.yaml").write_text(CONDA)
    (folder / "requirements.txt").write_text("numpy\n")
    return folder


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def install(programs: Path) -> None:
    (programs / "micromamba").write_text(MICROMAMBA)
    (programs / "micromamba").chmod(0o755)


def log_of(server: Server) -> list[str]:
    (job,) = server.api.get(JOBS)["jobs"]
    found: list[str] = server.api.get(f"{JOBS}/{job['job_id']}/logs")["lines"]
    return found


def test_conda_builds_the_environment_where_it_is_installed(
    start: Callable[..., Server], programs: Path, project: Path
) -> None:
    install(programs)
    server = start("--model-python", sys.executable)

    done = submit(server, project)

    assert done.returncode == 0, done.stderr
    lines = log_of(server)
    asked = (
        '{"dependencies":["python=3.11","conda-forge::r-base>=4","pip",{"pip":["numpy","mlflow-skinny>=2.10"]}],'
        '"channels":["conda-forge"]}'
    )
    assert asked in lines
    assert "variable set" in lines
    assert any(line.endswith("/env/bin/tool") for line in lines)

    again = submit(server, project)

    assert again.returncode == 0, again.stderr
    assert "Linked." in lines
    jobs = server.api.get(JOBS)["jobs"]
    second: list[Any] = server.api.get(f"{JOBS}/{jobs[0]['job_id']}/logs")["lines"]
    assert "Linked." not in second, "the environment is kept"


def test_the_output_of_conda_is_the_reason_of_the_failure(
    start: Callable[..., Server], programs: Path, project: Path
) -> None:
    install(programs)
    (project / "conda.yaml").write_text(CONDA.replace("r-base>=4", "no-such-package"))
    server = start("--model-python", sys.executable)

    submit(server, project)

    reason = server.api.tags(only_run(server)["info"]["run_id"])["trackside.failure"]
    assert reason.startswith("The environment cannot be built. `micromamba` says:")
    assert "nothing provides no-such-package" in reason


def test_packages_that_only_conda_installs_are_named_where_there_is_no_conda(
    start: Callable[..., Server], programs: Path, project: Path
) -> None:
    server = start("--model-python", sys.executable)

    submit(server, project)

    reason = server.api.tags(only_run(server)["info"]["run_id"])["trackside.failure"]
    assert reason == (
        "The project's conda_env names conda-forge::r-base>=4, which pip does not install; install conda, mamba or micromamba on"
        " the server's machine, or list Python packages below `pip`."
    )
