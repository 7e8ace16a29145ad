"""Endpoints on Kubernetes: manifests against the published schemas, and the backend against an emulator of the API server.

No real cluster is called.  The emulator stores objects and runs nothing; the tests write the changes that a cluster would make to
pods.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from trackside.endpoints.backends import kubernetes_cluster as cluster
from trackside.endpoints.backends import kubernetes_manifests as made
from trackside.endpoints.backends.kubernetes_manifests import Place, Secrets
from trackside.endpoints.backends.logs import Logs
from trackside.endpoints.backends.port import Prepared
from trackside.endpoints.model import AuthMode, Deployment, Model, Spec, State

PLACE = Place(namespace="models", image="python:3.11-slim", server_url="http://trackside:5000/", store="abc")
SECRETS = Secrets({"key-0": "a" * 64, "router": "b" * 64}, files_token="t" * 64)
VERSIONS = ("1.28", "1.33", "1.37")
SPECS: list[dict[str, Any]] = [
    {},
    {"env": "local", "memory_mb": 512},
    {"replicas": 2, "max_replicas": 5, "threads": 2},
]
PREPARED = Prepared(folder="", python="")


def deployment(**spec: Any) -> Deployment:
    return Deployment(
        deployment_seq=7,
        workspace_id=1,
        endpoint_seq=3,
        endpoint="Iris",
        name="blue",
        traffic=100,
        mirror=0,
        model=Model(uri="models:/iris/1", files_uri="x"),
        spec=Spec(backend="kubernetes", **spec),
        generation=2,
        state=State.TRANSITIONING,
        reason="",
        created_at=0,
        updated_at=0,
    )


@pytest.mark.parametrize(
    ("version", "spec"),
    [
        pytest.param(version, spec, marks=() if VERSIONS.index(version) == SPECS.index(spec) else pytest.mark.slow)
        for version in VERSIONS
        for spec in SPECS
    ],
)
def test_each_object_fits_the_published_schema(version: str, spec: dict[str, Any]) -> None:
    import kubernetes_validate

    found = made.manifests(deployment(**spec), "r1", PLACE, SECRETS, cluster.sources())
    open_to_all = [made.without_keys(each) for each in found if each["kind"] == "Deployment"]

    for manifest in [*found, *open_to_all]:
        kubernetes_validate.validate(manifest, version, strict=True)
    kinds = ["Secret", "ConfigMap", "Deployment", "Service", "HorizontalPodAutoscaler"]
    assert [each["kind"] for each in found] == (kinds if "max_replicas" in spec else kinds[:4])


def test_pods_are_restricted_and_let_in_keys_alone() -> None:
    (pods,) = [each for each in made.manifests(deployment(), "r1", PLACE, SECRETS, {}) if each["kind"] == "Deployment"]
    pod = pods["spec"]["template"]["spec"]
    scorer = pod["containers"][0]

    assert (pod["automountServiceAccountToken"], pod["securityContext"]["runAsNonRoot"]) == (False, True)
    assert scorer["securityContext"]["readOnlyRootFilesystem"]
    assert "/trackside-keys" in scorer["command"]
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(scorer)
    assert "/trackside-keys" not in json.dumps(made.without_keys(pods))


def test_names_are_dns_labels_of_one_generation() -> None:
    long = replace(deployment(), endpoint="A" + "-x9" * 10, name="B" * 32, deployment_seq=10**12, generation=10**6)

    assert made.name_of(deployment()) == "ts-iris-blue-7-g2"
    assert len(made.name_of(long)) <= 63
    assert made.name_of(long) == made.name_of(long).lower()


def test_the_script_of_a_pod_fetches_and_unpacks_a_model(tmp_path: Path) -> None:
    import http.server
    import tarfile

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "MLmodel").write_text("flavors: {}\n", "utf-8")
    with tarfile.open(tmp_path / "model.tar", "w") as archive:
        archive.add(tmp_path / "model", arcname=".")
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write((tmp_path / "model.tar").read_bytes())

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/x"
        subprocess.run(
            [sys.executable, cluster.FETCH, url, tmp_path / "pod", "local"], check=True, env={"TOKEN": "secret"}
        )
        thread.join()

    assert asked == ["Bearer secret"]
    assert (tmp_path / "pod" / "model" / "MLmodel").read_text("utf-8") == "flavors: {}\n"


@pytest.fixture
def emulator() -> Iterator[tuple[Any, str]]:
    """An API server in memory, and its address."""
    from support.kubernetes_emulator import emulated  # what it imports takes a fifth of a second

    with emulated() as found:
        yield found


class World:
    """The backend, and what the tests change behind it."""

    def __init__(self, url: str, folder: Path) -> None:
        from kubernetes import client

        configuration = client.Configuration()
        configuration.host = url.rstrip("/")
        self.api = client.ApiClient(configuration)
        self.core, self.apps = client.CoreV1Api(self.api), client.AppsV1Api(self.api)
        self.scaling = client.AutoscalingV2Api(self.api)
        self.hashes: tuple[str, ...] = ("a" * 64,)
        self.mode = AuthMode.KEY
        self.client = client
        self.logs = Logs(folder)

    def backend(self) -> cluster.KubernetesBackend:
        return cluster.KubernetesBackend(
            self.client,
            self.api,
            PLACE,
            self.logs,
            lambda purpose: f"secret of {purpose}",
            lambda *_: (self.mode, self.hashes),
        )

    def names(self) -> dict[str, list[str]]:
        found = {
            "Deployment": self.apps.list_namespaced_deployment("models"),
            "Secret": self.core.list_namespaced_secret("models"),
            "ConfigMap": self.core.list_namespaced_config_map("models"),
            "Service": self.core.list_namespaced_service("models"),
            "HorizontalPodAutoscaler": self.scaling.list_namespaced_horizontal_pod_autoscaler("models"),
        }
        return {kind: [each.metadata.name for each in objects.items] for kind, objects in found.items()}

    def becomes_available(self, name: str, pods: int) -> None:
        self.apps.patch_namespaced_deployment(name, "models", {"status": {"availableReplicas": pods}})


@pytest.fixture
def world(emulator: tuple[Any, str], tmp_path: Path) -> Iterator[World]:
    found = World(emulator[1], tmp_path)
    yield found
    found.api.close()


def test_a_deployment_is_made_becomes_ready_and_is_deleted(world: World) -> None:
    backend, name = world.backend(), "ts-iris-blue-7-g2"

    address = backend.start("r1", deployment(max_replicas=3), PREPARED)
    again = backend.start("r1", deployment(max_replicas=3), PREPARED)
    before = backend.observe("r1")
    world.becomes_available(name, 1)
    after = backend.observe("r1")
    made_names = world.names()
    backend.stop("r1")
    gone = backend.observe("r1")

    assert address == again == f"tcp:r1@{name}.models.svc:80"
    assert (before.is_alive, before.is_ready, before.reason) == (True, False, "No pod was created yet.")
    assert (after.is_alive, after.is_ready) == (True, True)
    assert all(names == [name] for names in made_names.values())
    assert not gone.is_alive
    assert not any(world.names().values())


def test_a_restarted_server_adopts_its_replicas_and_deletes_the_others(world: World) -> None:
    first = world.backend()
    first.start("r1", deployment(), PREPARED)
    first.start("r2", replace(deployment(), deployment_seq=8), PREPARED)
    first.close()

    second = world.backend()
    adopted = second.adopt("r1", deployment()), second.adopt("other", deployment())
    second.sweep({"r1"})

    assert adopted == (True, False)
    assert world.names()["Deployment"] == ["ts-iris-blue-7-g2"]
    assert second.observe("r1").is_alive


def test_regenerated_keys_reach_the_secret(world: World) -> None:
    backend = world.backend()
    backend.start("r1", deployment(), PREPARED)
    world.hashes = ("c" * 64, "d" * 64)

    backend.observe("r1")
    data = world.core.read_namespaced_secret("ts-iris-blue-7-g2", "models").data

    import base64

    assert [base64.b64decode(data[key]).decode() for key in ("key-0", "key-1")] == ["c" * 64, "d" * 64]


def pod(world: World, **status: Any) -> None:
    body = {"metadata": {"name": "p1", "labels": {"app.kubernetes.io/name": "ts-iris-blue-7-g2"}}, "status": status}
    body["spec"] = {"containers": [{"name": "scorer"}]}
    world.core.create_namespaced_pod("models", body)


def test_a_pod_without_a_node_is_reported(world: World) -> None:
    backend = world.backend()
    backend.start("r1", deployment(), PREPARED)
    pod(world, conditions=[{"type": "PodScheduled", "status": "False", "message": "0/3 nodes: Insufficient cpu."}])

    found = backend.observe("r1")

    assert (found.is_alive, found.is_placed, found.reason) == (True, False, "0/3 nodes: Insufficient cpu.")


@pytest.mark.parametrize(("restarts", "is_alive"), [(0, True), (3, False)])
def test_a_container_that_cannot_start_is_reported(world: World, restarts: int, is_alive: bool) -> None:
    backend = world.backend()
    backend.start("r1", deployment(), PREPARED)
    waiting = {"reason": "ImagePullBackOff", "message": "no such image"}
    status = {"name": "scorer", "ready": False, "restartCount": restarts, "image": "x", "imageID": ""}
    pod(world, containerStatuses=[{**status, "state": {"waiting": waiting}}])

    found = backend.observe("r1")

    assert (found.is_alive, "ImagePullBackOff: no such image" in found.reason) == (is_alive, True)


def test_an_unreachable_cluster_ends_no_replica(world: World, emulator: Any) -> None:
    backend = world.backend()
    backend.start("r1", deployment(), PREPARED)
    world.api.configuration.host = "http://127.0.0.1:1"
    world.api.configuration.retries = False

    found = backend.observe("r1")

    assert (found.is_alive, found.is_ready, found.reason.startswith("Kubernetes cannot be reached")) == (
        True,
        False,
        True,
    )
