"""Replicas on a Ray cluster: each is a Ray actor that runs `trackside.scorer` on a port of its node.

Ray decides on which node a replica runs, restarts nothing, and ends its actors when the server ends.  Requests go from the
server's router to the scorer itself: Ray Serve's own proxy takes several times as long for a request as the scorer
(docs/decisions/0034-clusters.md).  A separate process, `ray_driver`, connects to Ray.
"""

import json
import subprocess
import threading
from collections.abc import Callable, Set
from pathlib import Path
from typing import Any

from trackside.endpoints import addresses, environments
from trackside.endpoints.backends import scorer_stats
from trackside.endpoints.backends.flags import scorer_flags
from trackside.endpoints.backends.logs import Logs
from trackside.endpoints.backends.port import Observed, Prepared
from trackside.endpoints.model import Deployment

DRIVER = Path(__file__).with_name("ray_driver.py")
SCORER = Path(__file__).parents[2] / "scorer"
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


class RayBackend:
    """`address` is the cluster's; `python` has the cluster's versions of Python and Ray.  `token_of` returns a replica's
    secret."""

    brings_environment = True
    scales_itself = False

    def __init__(
        self, address: str, python: str, logs: Logs, variables: dict[str, str], token_of: Callable[[str], str]
    ) -> None:
        self._address = address
        self._python = python
        self._logs = logs
        self._variables = variables
        self._token_of = token_of
        self._lock = threading.Lock()  # for the driver: one request at a time
        self._driver: subprocess.Popen[str] | None = None
        self._deployments: dict[str, int] = {}

    def start(self, replica_id: str, deployment: Deployment, prepared: Prepared) -> str:
        self._deployments[replica_id] = deployment.deployment_seq
        request = {
            "do": "start",
            "replica": replica_id,
            "model": prepared.folder,
            "scorer": str(SCORER),
            "flags": scorer_flags(deployment),
            "token": self._token_of(f"replica {replica_id}"),
            "cpus": deployment.spec.threads,
            "env": _environment(deployment, Path(prepared.folder)),
        }
        answer = self._ask(request, starts=True)
        if "fault" in answer:
            raise OSError(answer["fault"])
        return ""  # known when the scorer listens

    def adopt(self, replica_id: str, deployment: Deployment) -> bool:  # noqa: ARG002  # the port's signature
        """Return False: an actor ends with the server that started it."""
        return False

    def observe(self, replica_id: str) -> Observed:
        found = self._ask({"do": "observe", "replica": replica_id})
        if "fault" in found:
            return Observed(is_alive=False, is_ready=False, reason=str(found["fault"]))
        lines = found.get("lines") or []
        seq = self._deployments.get(replica_id)
        if lines and seq is not None:
            self._logs.of(seq).write("".join(f"{line}\n" for line in lines).encode())
        if not found["is_alive"]:
            last = next((f" Its last line: {line[:500]}" for line in reversed(lines) if line.strip()), "")
            return Observed(is_alive=False, is_ready=False, reason=found["reason"] + last)
        stats = scorer_stats.read((found.get("stats") or "").encode())
        address = addresses.tcp(replica_id, found["host"], found["port"]) if found.get("port") else ""
        return Observed(
            is_alive=True,
            is_ready=stats is not None,
            pid=found.get("pid"),
            reason=found.get("waits", ""),
            is_placed=not found.get("waits"),
            stuck_s=0.0 if stats is None else stats.stuck_s,
            address=address,
        )

    def stop(self, replica_id: str) -> None:
        self._ask({"do": "stop", "replica": replica_id})

    def forget(self, replica_id: str) -> None:
        if self._deployments.pop(replica_id, None) is not None:
            self._ask({"do": "forget", "replica": replica_id})

    def sweep(self, known: Set[str]) -> None:
        """Do nothing: no actor outlives the server that started it."""

    def close(self) -> None:
        with self._lock:
            self._end()
        self._deployments.clear()

    def _ask(self, request: dict[str, Any], *, starts: bool = False) -> dict[str, Any]:
        """Return the driver's answer.  Only `start` restarts a driver that has ended."""
        with self._lock:
            if self._driver is None or self._driver.poll() is not None:
                if not starts:
                    return {"fault": "The process that controlled the Ray cluster has ended."}
                fault = self._begin()
                if fault:
                    return {"fault": fault}
            answer = self._exchange(request)
            return {"fault": "The process that controlled the Ray cluster has ended."} if answer is None else answer

    def _begin(self) -> str:
        self._end()
        try:
            self._driver = subprocess.Popen(  # noqa: S603  # the operator named the Python
                [self._python, "-I", str(DRIVER), self._address],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**self._variables, **QUIET},
                text=True,
                start_new_session=True,
            )
        except OSError as fault:
            return f"--ray-python is {self._python!r}, which cannot be run: {fault.strerror or fault}"
        said = self._read()
        if said is None:
            self._end()
            return f"`{self._python} -c 'import ray'` fails on the server's machine: install Ray there, or set --ray-python."
        return f"The Ray cluster {self._address} cannot be reached: {said['fault']}" if "fault" in said else ""

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any] | None:
        assert self._driver is not None
        assert self._driver.stdin is not None
        try:
            self._driver.stdin.write(json.dumps(request) + "\n")
            self._driver.stdin.flush()
        except OSError:
            return None
        return self._read()

    def _read(self) -> dict[str, Any] | None:
        assert self._driver is not None
        assert self._driver.stdout is not None
        line = self._driver.stdout.readline()
        if not line:
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _end(self) -> None:
        driver, self._driver = self._driver, None
        if driver is None:
            return
        with driver:  # closes its pipes
            assert driver.stdin is not None
            driver.stdin.close()
            try:
                driver.wait(10)
            except subprocess.TimeoutExpired:
                driver.kill()


def _environment(deployment: Deployment, model: Path) -> dict[str, Any] | None:
    """Return Ray's `runtime_env`: the model's requirements, or None for the Python of the cluster."""
    if deployment.spec.env == "local":
        return None
    packages = [*environments.requirements(model), *environments.SCORER_NEEDS]
    return {"uv": {"packages": packages, "uv_pip_install_options": ["--no-build"]}}
