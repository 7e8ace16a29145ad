"""The backends of a server, and the backend of each replica, which its deployment's spec names."""

from collections.abc import Mapping

from trackside.core.errors import Invalid
from trackside.endpoints.backends.logs import Logs
from trackside.endpoints.backends.port import Backend, Observed, Prepared
from trackside.endpoints.model import Deployment, Spec

_HELP = {
    "ray": "no Ray cluster: start it with --ray-address",
    "kubernetes": "no Kubernetes cluster: start it with --kubernetes-namespace",
}


class Backends:
    """`backends` is by the name in a spec; `process` is always available."""

    def __init__(self, backends: Mapping[str, Backend], logs: Logs) -> None:
        self._backends = dict(backends)
        self._logs = logs
        self._of_replica: dict[str, Backend] = {}

    def check(self, spec: Spec) -> None:
        """Raise Invalid for a backend that this server does not have."""
        if spec.backend not in self._backends:
            raise Invalid(f"spec.backend is {spec.backend!r}, but this server has {_HELP[spec.backend]}.")

    def brings_environment(self, deployment: Deployment) -> bool:
        self.check(deployment.spec)
        return self._backends[deployment.spec.backend].brings_environment

    def scales_itself(self, deployment: Deployment) -> bool:
        found = self._backends.get(deployment.spec.backend)
        return found is not None and found.scales_itself

    def start(self, replica_id: str, deployment: Deployment, prepared: Prepared) -> str:
        backend = self._backends[deployment.spec.backend]
        self._of_replica[replica_id] = backend
        return backend.start(replica_id, deployment, prepared)

    def adopt(self, replica_id: str, deployment: Deployment) -> bool:
        backend = self._backends.get(deployment.spec.backend)
        if backend is None or not backend.adopt(replica_id, deployment):
            return False
        self._of_replica[replica_id] = backend
        return True

    def observe(self, replica_id: str) -> Observed:
        backend = self._of_replica.get(replica_id)
        if backend is None:
            return Observed(is_alive=False, is_ready=False, reason="The server that managed it has ended.")
        return backend.observe(replica_id)

    def stop(self, replica_id: str) -> None:
        backend = self._of_replica.get(replica_id)
        if backend is not None:
            backend.stop(replica_id)

    def forget(self, replica_id: str) -> None:
        backend = self._of_replica.pop(replica_id, None)
        if backend is not None:
            backend.forget(replica_id)

    def log(self, deployment_seq: int, lines: int) -> list[str]:
        return self._logs.of(deployment_seq).tail(lines)

    def sweep(self) -> None:
        """End replicas on clusters that earlier servers of the store started and no server adopted."""
        for backend in self._backends.values():
            backend.sweep(set(self._of_replica))

    def close(self) -> None:
        """End the replicas that do not outlive the server."""
        for backend in self._backends.values():
            backend.close()
