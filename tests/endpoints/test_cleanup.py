"""Only files that endpoints no longer need are deleted."""

import os
from pathlib import Path
from typing import Any

import pytest

from trackside.endpoints import environments, store
from trackside.endpoints.cleanup import KEEP_ENVIRONMENT_S, Cleanup
from trackside.endpoints.model import AuthMode, Model, Replica, ReplicaState, Spec

WS, NOW = 1, 2_000_000_000.0


def model(folder: Path, name: str, requirement: str) -> Path:
    made = folder / "models" / name
    made.mkdir(parents=True)
    (made / "requirements.txt").write_text(requirement, "utf-8")
    return made


def environment(folder: Path, key: str, age_s: float) -> Path:
    made = folder / "environments" / key
    made.mkdir(parents=True)
    ready = made / environments.READY
    ready.touch()
    os.utime(ready, (NOW - age_s, NOW - age_s))
    return made


@pytest.fixture
def deployment(db: Any) -> Any:
    """A deployment of the second generation, with a replica of the first one that still serves."""
    with db.write(WS) as tx:
        made = store.create(tx, "adder", AuthMode.NONE, "")
        for uri in ("models:/m-1", "models:/m-2"):
            store.put_deployment(tx, made, "blue", Model(uri=uri, files_uri=uri), Spec())
        found = store.get_deployment(tx, made, "blue")
        replica = Replica(
            replica_id="r1", workspace_id=WS, deployment_seq=found.deployment_seq, generation=1, holder="h", address="/s",
            pid=None, state=ReplicaState.READY, reason="", started_at=0,
        )  # fmt: skip
        store.put_replica(tx, replica)
    return found


def test_models_are_kept_while_a_deployment_needs_or_serves_them(db: Any, deployment: Any, tmp_path: Path) -> None:
    seq = deployment.deployment_seq
    for name in (f"{seq}-1", f"{seq}-2", f"{seq}-3", f"{seq + 1}-1", f"{seq}-2.part", f"{seq}-9.part"):
        model(tmp_path, name, "numpy")

    Cleanup(db, tmp_path, lambda: NOW).step()

    left = sorted(path.name for path in (tmp_path / "models").iterdir())
    assert left == [f"{seq}-1", f"{seq}-2", f"{seq}-2.part"]


def test_an_environment_is_kept_while_a_model_needs_it_and_for_a_day_after(
    db: Any, deployment: Any, tmp_path: Path
) -> None:
    needed = environments.key_of(model(tmp_path, f"{deployment.deployment_seq}-2", "numpy"))
    environment(tmp_path, needed, KEEP_ENVIRONMENT_S * 100)
    environment(tmp_path, "recent", KEEP_ENVIRONMENT_S / 2)
    environment(tmp_path, "old", KEEP_ENVIRONMENT_S * 2)

    Cleanup(db, tmp_path, lambda: NOW).step()

    assert sorted(path.name for path in (tmp_path / "environments").iterdir()) == sorted([needed, "recent"])


def test_logs_and_sockets_of_deleted_replicas_are_deleted(db: Any, deployment: Any, tmp_path: Path) -> None:
    seq = deployment.deployment_seq
    (tmp_path / "logs").mkdir()
    for name in (f"{seq}.log", f"{seq}.log.1", f"{seq + 7}.log"):
        (tmp_path / "logs" / name).touch()
    for name in ("r1", "gone"):
        (tmp_path / "sockets" / name).mkdir(parents=True)
        os.utime(tmp_path / "sockets" / name, (0, 0))

    Cleanup(db, tmp_path, lambda: NOW).step()

    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == [f"{seq}.log", f"{seq}.log.1"]
    assert [path.name for path in (tmp_path / "sockets").iterdir()] == ["r1"]
