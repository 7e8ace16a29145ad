"""A folder `mlruns` as MLflow 1.x writes it, made by hand: no MLflow is needed to try what is read from one."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START = 1_700_000_000_000


@dataclass(frozen=True)
class Mlruns:
    root: Path

    def experiment(self, experiment_id: str, name: str, *, stage: str = "active", **tags: str) -> None:
        folder = self._folder(experiment_id, stage)
        self._meta(
            folder, name=name, experiment_id=experiment_id, lifecycle_stage=stage, artifact_location=folder.as_uri()
        )
        self._texts(folder / "tags", tags)

    def run(
        self,
        run_id: str,
        experiment_id: str = "0",
        *,
        points: dict[str, list[str]] | None = None,
        params: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
        files: dict[str, bytes] | None = None,
        **fields: Any,
    ) -> Path:
        """`points`: lines as MLflow writes them, `TIME VALUE STEP`."""
        folder = self.root / experiment_id / run_id
        meta = {
            "artifact_uri": (folder / "artifacts").as_uri(), "end_time": START + 5, "entry_point_name": "",
            "experiment_id": experiment_id, "lifecycle_stage": "active", "name": "", "run_id": run_id, "run_uuid": run_id,
            "source_name": "", "source_type": 4, "source_version": "", "start_time": START, "status": 3, "tags": [],
            "user_id": "ann",
        }  # fmt: skip
        self._meta(folder, **{**meta, **fields})
        self._texts(
            folder / "metrics", {key: "".join(f"{line}\n" for line in of) for key, of in (points or {}).items()}
        )
        self._texts(folder / "params", params or {})
        self._texts(folder / "tags", tags or {})
        (folder / "artifacts").mkdir(exist_ok=True)
        for path, content in (files or {}).items():
            (folder / "artifacts" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "artifacts" / path).write_bytes(content)
        return folder

    def registered(self, name: str, **aliases: str) -> None:
        folder = self.root / "models" / name
        self._meta(folder, name=name, creation_timestamp=START, last_updated_timestamp=START + 1, description="")
        self._texts(folder / "aliases", aliases)

    def version(self, name: str, number: int, source: str, **fields: Any) -> None:
        meta = {
            "creation_timestamp": START + number, "current_stage": "None", "description": "", "last_updated_timestamp": START,
            "name": name, "run_id": "", "run_link": "", "source": source, "status": "READY", "version": number,
        }  # fmt: skip
        self._meta(self.root / "models" / name / f"version-{number}", **{**meta, **fields})

    def _folder(self, experiment_id: str, stage: str = "active") -> Path:
        return (self.root if stage == "active" else self.root / ".trash") / experiment_id

    def _meta(self, folder: Path, **fields: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{name}: {json.dumps(value)}\n" for name, value in fields.items()]  # JSON is YAML
        (folder / "meta.yaml").write_text("".join(lines))

    def _texts(self, folder: Path, texts: dict[str, str]) -> None:
        for key, text in texts.items():
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_text(text)
