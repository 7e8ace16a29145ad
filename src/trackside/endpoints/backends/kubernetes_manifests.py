"""The Kubernetes objects of a deployment: a Secret, a ConfigMap, a Deployment, a Service, and an autoscaler if it scales.  Pure.

The pods run any image with Python and pip.  An init container fetches the model's files from the server and installs the model's
requirements; the scorer's own source is in the ConfigMap.  Pods accept callers with one of the keys whose hashes are in the
Secret.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from trackside.endpoints.backends.flags import GRACE_S, scorer_flags
from trackside.endpoints.model import AuthMode, Deployment

PORT, SERVICE_PORT = 8080, 80
DRAIN_S = 5  # until every node has removed the pod from the Service
START_LIMIT_S = 1800  # to install the requirements and load the model
PROBE_S = 5
NOBODY = 65534
MANAGED_BY = {"app.kubernetes.io/managed-by": "trackside"}
REPLICA_LABEL, STORE_LABEL = "trackside/replica", "trackside/store"

Manifest = dict[str, Any]


class Place(Struct, frozen=True):
    """The namespace of pods, and the address of the server for them."""

    namespace: str
    image: str
    server_url: str
    store: str  # an id of the store, so that two servers in a namespace do not collide


class Secrets(Struct, frozen=True):
    """`hashes` are SHA-256 of the accepted keys, by a name; `files_token` lets the pods fetch the model."""

    hashes: Mapping[str, str]
    files_token: str


def name_of(deployment: Deployment) -> str:
    """Return a DNS label for one generation of one deployment."""
    words = [
        re.sub(r"[^a-z0-9-]", "-", word.lower())[:16].strip("-") for word in (deployment.endpoint, deployment.name)
    ]
    return f"ts-{'-'.join(words)}-{deployment.deployment_seq}-g{deployment.generation}"


def manifests(
    deployment: Deployment, replica_id: str, place: Place, secrets: Secrets, sources: Mapping[str, str]
) -> list[Manifest]:
    """Return the objects in the order of creation.  `sources` are the files of the scorer, and `fetch.py`."""
    name = name_of(deployment)
    labels = {
        **MANAGED_BY,
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/component": "scorer",
        REPLICA_LABEL: replica_id,
        STORE_LABEL: place.store,
    }
    meta = {"name": name, "namespace": place.namespace, "labels": labels}
    found = [
        _secret(meta, secrets),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": dict(sources)},
        _deployment(meta, deployment, place),
        _service(meta, name),
    ]
    if deployment.spec.most > deployment.spec.replicas:
        found.append(_autoscaler(meta, deployment))
    return found


def hashes_of(deployment_hashes: tuple[str, ...], router_token: str, mode: AuthMode) -> dict[str, str]:
    """Return the hashes of the keys that the pods accept: those of the endpoint, and the router's; none for an open endpoint."""
    if mode is AuthMode.NONE:
        return {}
    named = {f"key-{place}": each for place, each in enumerate(deployment_hashes)}
    return {**named, "router": hashlib.sha256(router_token.encode()).hexdigest()}


def _secret(meta: Manifest, secrets: Secrets) -> Manifest:
    values = {**secrets.hashes, "files-token": secrets.files_token}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "data": encoded}


def _deployment(meta: Manifest, deployment: Deployment, place: Place) -> Manifest:
    name = meta["name"]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta,
        "spec": {
            "replicas": max(1, deployment.spec.replicas),
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "progressDeadlineSeconds": START_LIMIT_S,
            "template": {"metadata": {"labels": meta["labels"]}, "spec": _pod(name, deployment, place)},
        },
    }


def _pod(name: str, deployment: Deployment, place: Place) -> Manifest:
    is_local = deployment.spec.env == "local"
    files = f"{place.server_url.rstrip('/')}/api/v1/replica-files/{deployment.deployment_seq}-{deployment.generation}"
    python = "python" if is_local else "/trackside/env/bin/python"
    quiet = [
        {"name": "MLFLOW_DISABLE_TELEMETRY", "value": "true"},
        {"name": "DO_NOT_TRACK", "value": "1"},
        {"name": "HOME", "value": "/tmp"},  # noqa: S108  # the pod's own
    ]
    work = [{"name": "work", "mountPath": "/trackside"}, {"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108
    source = {"name": "source", "mountPath": "/trackside-source", "readOnly": True}
    keys = [{"key": each, "path": each} for each in ("key-0", "key-1", "router")]
    fetch = {
        "name": "fetch",
        "image": place.image,
        "command": ["python", "/trackside-source/fetch.py", files, "/trackside", "local" if is_local else "install"],
        "env": [
            *quiet,
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": name, "key": "files-token"}}},
        ],
        "volumeMounts": [*work, source],
        "securityContext": _restricted(),
    }
    scorer = {
        "name": "scorer",
        "image": place.image,
        "command": [
            *(python, "/trackside-source", "--model", "/trackside/model", "--host", "0.0.0.0"),  # noqa: S104  # a pod
            *("--port", str(PORT), "--keys", "/trackside-keys", *scorer_flags(deployment)),
        ],
        "env": quiet,
        "ports": [{"name": "http", "containerPort": PORT}],
        "resources": _resources(deployment),
        "startupProbe": _probe(failures=START_LIMIT_S // PROBE_S),
        "readinessProbe": _probe(failures=1),
        "livenessProbe": _probe(failures=6),
        "lifecycle": {"preStop": {"exec": {"command": ["python", "-c", f"import time; time.sleep({DRAIN_S})"]}}},
        "volumeMounts": [*work, source, {"name": "keys", "mountPath": "/trackside-keys", "readOnly": True}],
        "securityContext": _restricted(),
    }
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": int(GRACE_S) + 2 * DRAIN_S,
        "securityContext": {"runAsNonRoot": True, "runAsUser": NOBODY, "fsGroup": NOBODY},
        "initContainers": [fetch],
        "containers": [scorer],
        "volumes": [
            {"name": "work", "emptyDir": {}},
            {"name": "tmp", "emptyDir": {}},
            {"name": "source", "configMap": {"name": name}},
            {"name": "keys", "secret": {"secretName": name, "optional": True, "items": keys}},
        ],
    }


def without_keys(manifest: Manifest) -> Manifest:
    """Return the Deployment of an open endpoint: it mounts no keys and requires none."""
    pod = manifest["spec"]["template"]["spec"]
    scorer = pod["containers"][0]
    at = scorer["command"].index("--keys")
    changed = {
        **scorer,
        "command": scorer["command"][:at] + scorer["command"][at + 2 :],
        "volumeMounts": [each for each in scorer["volumeMounts"] if each["name"] != "keys"],
    }
    volumes = [each for each in pod["volumes"] if each["name"] != "keys"]
    template = {**manifest["spec"]["template"], "spec": {**pod, "containers": [changed], "volumes": volumes}}
    return {**manifest, "spec": {**manifest["spec"], "template": template}}


def _service(meta: Manifest, name: str) -> Manifest:
    ports = [{"name": "http", "port": SERVICE_PORT, "targetPort": "http"}]
    spec = {"type": "ClusterIP", "selector": {"app.kubernetes.io/name": name}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def _autoscaler(meta: Manifest, deployment: Deployment) -> Manifest:
    target = {"type": "Utilization", "averageUtilization": deployment.spec.target_utilization}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": meta,
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": meta["name"]},
            "minReplicas": max(1, deployment.spec.replicas),
            "maxReplicas": deployment.spec.most,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }


def _probe(*, failures: int) -> Manifest:
    return {
        "httpGet": {"path": "/ping", "port": "http"},
        "periodSeconds": PROBE_S,
        "timeoutSeconds": PROBE_S,
        "failureThreshold": failures,
    }


def _resources(deployment: Deployment) -> Manifest:
    """Return the resources: a CPU for each evaluating thread; memory if the spec limits it."""
    memory = {"memory": f"{deployment.spec.memory_mb}Mi"} if deployment.spec.memory_mb else {}
    return {"requests": {"cpu": str(deployment.spec.threads), **memory}, **({"limits": memory} if memory else {})}


def _restricted() -> Manifest:
    """Return the security context of Kubernetes' standard `restricted`."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
