"""Replicas on Kubernetes, through its official client, from the manifests of `kubernetes_manifests`.

One replica of the plan is one Deployment of Kubernetes, which runs as many pods as the spec wants and scales them.  It outlives
the server: a restarted server adopts it by the replica's label.
"""

import logging
from collections.abc import Callable, Mapping, Set
from pathlib import Path
from typing import Any

from trackside.core.errors import Unsupported
from trackside.endpoints import addresses
from trackside.endpoints.backends import kubernetes_manifests as made
from trackside.endpoints.backends.kubernetes_manifests import Manifest, Place, Secrets
from trackside.endpoints.backends.logs import Logs
from trackside.endpoints.backends.port import Observed, Prepared
from trackside.endpoints.model import AuthMode, Deployment

log = logging.getLogger("trackside.endpoints")

SCORER = Path(__file__).parents[2] / "scorer"
FETCH = Path(__file__).with_name("kubernetes_fetch.py")
CALL_S = 10.0
GIVE_UP_RESTARTS = 3  # of a container that was never ready
NOT_FOUND, CONFLICT = 404, 409
LOG_LINES = 200

# The authentication mode and the hashes of keys for an endpoint's pods, by workspace and name.
KeysOf = Callable[[int, str], tuple[AuthMode, tuple[str, ...]]]


class KubernetesBackend:
    """`client` is the module `kubernetes.client` with a configuration.  `token_of` returns secrets by purpose."""

    brings_environment = True
    scales_itself = True

    def __init__(
        self, client: Any, api: Any, place: Place, logs: Logs, token_of: Callable[[str], str], keys_of: KeysOf
    ) -> None:
        from urllib3.exceptions import HTTPError  # noqa: PLC0415  # it comes with the client

        self._refused = client.exceptions.ApiException
        self._faults = (client.exceptions.ApiException, HTTPError, OSError)
        self._core = client.CoreV1Api(api)
        self._apps = client.AppsV1Api(api)
        self._scaling = client.AutoscalingV2Api(api)
        self._place = place
        self._logs = logs
        self._token_of = token_of
        self._keys_of = keys_of
        self._names: dict[str, tuple[str, int]] = {}  # name and deployment by replica
        self._open_keys: dict[str, dict[str, str]] = {}  # the hashes in a replica's Secret
        self._known: dict[str, Deployment] = {}
        self._was_ready: set[str] = set()

    def start(self, replica_id: str, deployment: Deployment, prepared: Prepared) -> str:  # noqa: ARG002  # the port's signature
        name = made.name_of(deployment)
        mode, hashes = self._keys(replica_id, deployment)
        wanted = made.manifests(
            deployment, replica_id, self._place, Secrets(hashes, self._files_token(deployment)), sources()
        )
        if mode is AuthMode.NONE:
            wanted = [made.without_keys(each) if each["kind"] == "Deployment" else each for each in wanted]
        self._remember(replica_id, deployment, hashes)
        try:
            for each in wanted:
                self._apply(each)
        except self._faults as fault:
            raise OSError(f"Kubernetes refuses the {name} ({_message_of(fault)})") from None
        return addresses.tcp(replica_id, f"{name}.{self._place.namespace}.svc", made.SERVICE_PORT)

    def adopt(self, replica_id: str, deployment: Deployment) -> bool:
        found = self._find(made.name_of(deployment))
        if found is None or (found.metadata.labels or {}).get(made.REPLICA_LABEL) != replica_id:
            return False
        self._remember(replica_id, deployment, {})
        return True

    def observe(self, replica_id: str) -> Observed:
        if replica_id not in self._names:
            return Observed(is_alive=False, is_ready=False, reason="The server that managed it has ended.")
        name, _ = self._names[replica_id]
        try:
            found = self._find(name)
            if found is None:
                return Observed(
                    is_alive=False, is_ready=False, reason=f"The Deployment {name} was deleted on Kubernetes."
                )
            self._follow_keys(replica_id)
            ready = found.status.available_replicas or 0 if found.status else 0
            if ready:
                self._was_ready.add(replica_id)
                return Observed(is_alive=True, is_ready=True)
            return self._waiting(replica_id, name)
        except self._faults as fault:
            return self._unreachable(replica_id, _message_of(fault))

    def stop(self, replica_id: str) -> None:
        """Delete the Deployment; Kubernetes drains the pods: each gets its grace period after it left the Service."""
        found = self._names.get(replica_id)
        if found is not None:
            self._copy_logs(*found)
            self._delete(found[0])

    def forget(self, replica_id: str) -> None:
        found = self._names.pop(replica_id, None)
        for each in (self._open_keys, self._known):
            each.pop(replica_id, None)
        self._was_ready.discard(replica_id)
        if found is not None:
            self._delete(found[0])

    def sweep(self, known: Set[str]) -> None:
        selector = ",".join(
            f"{key}={value}" for key, value in {**made.MANAGED_BY, made.STORE_LABEL: self._place.store}.items()
        )
        try:
            found = self._apps.list_namespaced_deployment(
                self._place.namespace, label_selector=selector, _request_timeout=CALL_S
            ).items
        except self._faults as fault:
            log.warning("objects of earlier servers in Kubernetes cannot be listed: %s", _message_of(fault))
            return
        for each in found:
            if (each.metadata.labels or {}).get(made.REPLICA_LABEL) not in known:
                log.info("%s on Kubernetes no longer belongs to a deployment, and is deleted", each.metadata.name)
                self._delete(each.metadata.name)

    def close(self) -> None:
        """Do nothing: replicas on Kubernetes outlive the server."""

    def _remember(self, replica_id: str, deployment: Deployment, hashes: dict[str, str]) -> None:
        self._names[replica_id] = (made.name_of(deployment), deployment.deployment_seq)
        self._known[replica_id] = deployment
        self._open_keys[replica_id] = hashes

    def _keys(self, replica_id: str, deployment: Deployment) -> tuple[AuthMode, dict[str, str]]:
        mode, hashes = self._keys_of(deployment.workspace_id, deployment.endpoint)
        return mode, made.hashes_of(hashes, self._token_of(f"replica {replica_id}"), mode)

    def _files_token(self, deployment: Deployment) -> str:
        return self._token_of(f"files {deployment.deployment_seq}-{deployment.generation}")

    def _follow_keys(self, replica_id: str) -> None:
        """Write regenerated keys into the Secret, from which Kubernetes updates the pods."""
        deployment = self._known[replica_id]
        _, hashes = self._keys(replica_id, deployment)
        if hashes == self._open_keys[replica_id]:
            return
        manifest = made.manifests(
            deployment, replica_id, self._place, Secrets(hashes, self._files_token(deployment)), {}
        )[0]
        self._core.patch_namespaced_secret(
            manifest["metadata"]["name"], self._place.namespace, {"data": manifest["data"]}, _request_timeout=CALL_S
        )
        self._open_keys[replica_id] = hashes

    def _apply(self, manifest: Manifest) -> None:
        """Create an object; one of an earlier, interrupted start stays unchanged."""
        create = {
            "Secret": self._core.create_namespaced_secret,
            "ConfigMap": self._core.create_namespaced_config_map,
            "Service": self._core.create_namespaced_service,
            "Deployment": self._apps.create_namespaced_deployment,
            "HorizontalPodAutoscaler": self._scaling.create_namespaced_horizontal_pod_autoscaler,
        }[manifest["kind"]]
        try:
            create(self._place.namespace, manifest, _request_timeout=CALL_S)
        except self._refused as fault:
            if fault.status != CONFLICT:
                raise

    def _find(self, name: str) -> Any:
        try:
            return self._apps.read_namespaced_deployment(name, self._place.namespace, _request_timeout=CALL_S)
        except self._refused as fault:
            if fault.status == NOT_FOUND:
                return None
            raise

    def _waiting(self, replica_id: str, name: str) -> Observed:
        """Return what the pods wait for, or that their container ends repeatedly."""
        pods = self._pods(name)
        for pod in pods:
            for condition in pod.status.conditions or []:
                if condition.type == "PodScheduled" and condition.status == "False":
                    return Observed(
                        is_alive=True,
                        is_ready=False,
                        is_placed=False,
                        reason=condition.message or condition.reason or "",
                    )
            for container in [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]:
                waiting = container.state.waiting if container.state else None
                why = str(waiting.reason) if waiting is not None and waiting.reason else ""
                words = (
                    f"{container.name}: {why}: {waiting.message or ''}".strip(" :")
                    if waiting is not None and why
                    else ""
                )
                if container.restart_count >= GIVE_UP_RESTARTS and replica_id not in self._was_ready:
                    self._copy_logs(*self._names[replica_id])
                    ended = f"Its container ended {container.restart_count} times. {words}"
                    return Observed(is_alive=False, is_ready=False, reason=ended)
                if why not in ("", "PodInitializing", "ContainerCreating"):
                    return Observed(is_alive=True, is_ready=False, reason=words)
        return Observed(is_alive=True, is_ready=False, reason="" if pods else "No pod was created yet.")

    def _pods(self, name: str) -> Any:
        selector = f"app.kubernetes.io/name={name}"
        return self._core.list_namespaced_pod(
            self._place.namespace, label_selector=selector, _request_timeout=CALL_S
        ).items

    def _unreachable(self, replica_id: str, why: str) -> Observed:
        """Return the last state: the cluster does not answer, and its replicas presumably continue."""
        log.warning("Kubernetes cannot be reached for replica %s: %s", replica_id, why)
        return Observed(is_alive=True, is_ready=False, reason=f"Kubernetes cannot be reached: {why}")

    def _copy_logs(self, name: str, deployment_seq: int) -> None:
        try:
            for pod in self._pods(name):
                for container in ("fetch", "scorer"):
                    said = self._core.read_namespaced_pod_log(
                        pod.metadata.name,
                        self._place.namespace,
                        container=container,
                        tail_lines=LOG_LINES,
                        _request_timeout=CALL_S,
                    )
                    if said:
                        self._logs.of(deployment_seq).write(f"{said.rstrip()}\n".encode())
        except self._faults:
            log.info("the logs of the pods of %s cannot be read", name)

    def _delete(self, name: str) -> None:
        place, options = self._place.namespace, {"_request_timeout": CALL_S}
        for delete in (
            self._scaling.delete_namespaced_horizontal_pod_autoscaler,
            self._apps.delete_namespaced_deployment,
            self._core.delete_namespaced_service,
            self._core.delete_namespaced_config_map,
            self._core.delete_namespaced_secret,
        ):
            try:
                delete(name, place, **options)
            except self._faults as fault:
                if getattr(fault, "status", None) != NOT_FOUND:
                    log.warning("%s cannot be deleted on Kubernetes: %s", name, _message_of(fault))


def connected(config_file: str, context: str) -> tuple[Any, Any]:
    """Return the client's module and an API client: inside a cluster by its service account, otherwise by a kubeconfig.

    Raise Unsupported if the package or the configuration is missing."""
    try:
        from kubernetes import client, config  # noqa: PLC0415  # an extra
    except ImportError:
        raise Unsupported(
            "--kubernetes-namespace needs the package kubernetes: run `pip install 'trackside[kubernetes]'`."
        ) from None
    configuration = client.Configuration()
    try:
        if config_file:
            config.load_kube_config(config_file, context=context or None, client_configuration=configuration)
        else:
            config.load_incluster_config(client_configuration=configuration)
    except (config.ConfigException, OSError) as fault:
        raise Unsupported(
            f"Kubernetes cannot be configured: {fault} Set --kubernetes-config to a kubeconfig file."
        ) from None
    return client, client.ApiClient(configuration)


def sources() -> Mapping[str, str]:
    """Return the files that pods run: the scorer's, and `fetch.py`."""
    return {
        **{path.name: path.read_text("utf-8") for path in SCORER.glob("*.py")},
        "fetch.py": FETCH.read_text("utf-8"),
    }


def _message_of(fault: Any) -> str:
    """Return the message of Kubernetes' refusal, or why it could not be called."""
    if not hasattr(fault, "body"):
        return str(fault)[:500]
    return f"{fault.status} {fault.reason}: {str(fault.body or '')[:500]}"
