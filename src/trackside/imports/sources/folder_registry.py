"""Registered models of MLflow's file store: a folder each below `mlruns/models`."""

from collections.abc import Iterator
from pathlib import Path

from trackside.imports.source import Registered, Unreadable, Version
from trackside.imports.sources.meta import META, read_meta, read_texts, text_of

PREFIX = "version-"


def registered(root: Path, left_out: list[str]) -> Iterator[Registered]:
    if not root.is_dir():
        return
    for folder in sorted(each for each in root.iterdir() if (each / META).is_file()):
        try:
            yield _model(folder)
        except (Unreadable, ValueError) as reason:
            left_out.append(f"the registered model {folder.name}: {reason}")


def _model(folder: Path) -> Registered:
    meta = read_meta(folder)
    versions = [_version(each) for each in folder.glob(f"{PREFIX}*") if (each / META).is_file()]
    return Registered(
        name=text_of(meta, "name") or folder.name,
        description=text_of(meta, "description"),
        created=meta.get("creation_timestamp") or 0,
        updated=meta.get("last_updated_timestamp") or 0,
        tags=read_texts(folder / "tags"),
        aliases={alias: int(version) for alias, version in read_texts(folder / "aliases").items()},
        versions=sorted(
            (each for each in versions if each.stage != "Deleted_Internal"), key=lambda version: version.version
        ),
    )


def _version(folder: Path) -> Version:
    meta = read_meta(folder)
    return Version(
        version=int(meta.get("version") or folder.name.removeprefix(PREFIX)),
        source=text_of(meta, "source"),
        files=text_of(meta, "storage_location") or text_of(meta, "source"),
        run_id=text_of(meta, "run_id"),
        model_id=text_of(meta, "model_id"),
        run_link=text_of(meta, "run_link"),
        description=meta.get("description"),
        stage=text_of(meta, "current_stage") or "None",
        user=text_of(meta, "user_id"),
        created=meta.get("creation_timestamp") or 0,
        updated=meta.get("last_updated_timestamp") or 0,
        tags=read_texts(folder / "tags"),
    )
