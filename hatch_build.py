"""Hatchling's hook: a wheel or sdist has the built web UI; an editable install is served what `make web` built."""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        path = Path(self.root) / "web" / "build.py"
        spec = importlib.util.spec_from_file_location("web_build", path)
        if spec is None or spec.loader is None:
            raise RuntimeError(f"{path} cannot be read")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.build()
        build_data["artifacts"].append("src/trackside/ui/files/**")
