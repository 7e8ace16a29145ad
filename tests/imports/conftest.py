"""What tests of imports share."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.processes import servers
from support.processes.servers import Server
from support.stock.mlruns import Mlruns


@dataclass(frozen=True)
class Done:
    code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> Any:
        return json.loads(self.stdout)


Importer = Callable[..., Done]


@pytest.fixture
def bring(server: Server) -> Importer:
    """Runs `trackside import …` to its end, with the report as JSON."""

    def run(source: object, *words: str, cwd: Path | None = None) -> Done:
        words = ("import", str(source), "--json", *words)
        return Done(*servers.run(words, {"TRACKSIDE_URL": server.url}, cwd=cwd, timeout_s=600))

    return run


@pytest.fixture
def mlruns(tmp_path: Path) -> Mlruns:
    made = Mlruns(tmp_path / "source" / "mlruns")
    made.experiment("0", "Default")
    return made


def command() -> list[str]:
    return [sys.executable, "-c", "import sys; from trackside.cli.main import main; sys.exit(main())", "import"]


def tally(report: Any, kind: str) -> tuple[int, int, int, int]:
    """New, changed, the same, failed."""
    return tuple(report[kind][how] for how in ("new", "changed", "same", "failed"))
