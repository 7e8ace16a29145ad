"""`deploy` and the Dockerfile match the server's settings and extras, and the published schemas of Kubernetes.

No image is built and no cluster is called: docs/guides/containers.md lists the manual tests.
"""

import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from trackside.cli import main
from trackside.core import settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
VERSIONS = ("1.28", "1.33", "1.37")
TEXTS = sorted([ROOT / "Dockerfile", *(file for file in DEPLOY.rglob("*") if file.is_file())])
PATCHES = [
    KUBERNETES / folder / patch["path"]
    for folder in ("postgresql", "endpoints")
    for patch in yaml.safe_load((KUBERNETES / folder / "kustomization.yaml").read_text())["patches"]
]
OBJECTS = [
    (file, found)
    for file in sorted(KUBERNETES.rglob("*.yaml"))
    if file.name != "kustomization.yaml" and file not in PATCHES
    for found in yaml.safe_load_all(file.read_text())
]


def named(objects: list[tuple[Path, Any]], kind: str) -> Any:
    (found,) = [each for _, each in objects if each["kind"] == kind]
    return found


def test_each_object_fits_the_published_schema(subtests: pytest.Subtests) -> None:
    for file, manifest in OBJECTS:
        for version in VERSIONS:
            with subtests.test(file=file, kind=manifest["kind"], version=version):
                kubernetes_validate.validate(manifest, version, strict=True)


def test_each_patch_changes_the_server_and_its_container(subtests: pytest.Subtests) -> None:
    for file in PATCHES:
        with subtests.test(file=file):
            patch = yaml.safe_load(file.read_text())
            server = named(OBJECTS, "StatefulSet")

            assert (patch["kind"], patch["metadata"]["name"]) == (server["kind"], server["metadata"]["name"])
            (container,) = patch["spec"]["template"]["spec"]["containers"]
            assert container["name"] == server["spec"]["template"]["spec"]["containers"][0]["name"]


def test_each_variable_is_a_setting(subtests: pytest.Subtests) -> None:
    for file in TEXTS:
        with subtests.test(file=file):
            found = set(re.findall(r"\bTRACKSIDE_[A-Z_]+", file.read_text()))

            assert found <= settings.variables()


def test_the_image_runs_a_command_that_exists() -> None:
    (entry,) = re.findall(r'^ENTRYPOINT \["tini", "--", "trackside"\]\nCMD \["(\w+)"\]$', DOCKERFILE, re.MULTILINE)

    assert main._parser(entry).parse_args([entry]).module


def test_the_image_has_every_extra_but_ray() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"]]
    for extra, requirements in project["optional-dependencies"].items():
        wanted += requirements if extra != "ray" else []
    pinned = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / "constraints" / "runtime.txt").read_text(), re.MULTILINE))

    assert {canonicalize_name(Requirement(each).name) for each in wanted} <= pinned


def test_every_file_that_the_image_copies_is_in_its_build_context() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    kept = {line[1:] for line in lines if line.startswith("!")}
    copied = [
        word for words in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE) for word in words.split()[:-1]
    ]

    assert lines[0] == "*"
    assert {word for word in copied if not any(fnmatch(word, each) for each in kept)} == set()
    assert {each for each in kept if each not in copied} == set()
    assert all((ROOT / word).exists() for word in copied)


def test_kubernetes_uses_the_user_and_the_port_of_the_image() -> None:
    pod = named(OBJECTS, "StatefulSet")["spec"]["template"]["spec"]
    (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)
    (port,) = re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)

    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == int(user)
    assert pod["containers"][0]["ports"][0]["containerPort"] == int(port)
    assert settings.load({}, {}).port == int(port)


def test_kustomize_puts_each_folder_together(tmp_path: Path) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("needs kubectl, which brings Kustomize")
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    (tmp_path / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: ml\n"
        "resources: [kubernetes/postgresql]\ncomponents: [kubernetes/endpoints]\n"
        "images: [{name: trackside, newName: registry.example.org/trackside, newTag: '1'}]\n"
    )
    made = subprocess.run([kubectl, "kustomize", tmp_path], check=True, capture_output=True, text=True).stdout
    found = [(tmp_path, each) for each in yaml.safe_load_all(made)]
    container = named(found, "StatefulSet")["spec"]["template"]["spec"]["containers"][0]
    variables = {each["name"] for each in container["env"]}

    for _, each in found:
        kubernetes_validate.validate(each, VERSIONS[-1], strict=True)
    assert container["image"] == "registry.example.org/trackside:1"
    assert {"TRACKSIDE_STORE_FILE", "TRACKSIDE_ADMIN_PASSWORD_FILE", "TRACKSIDE_KUBERNETES_NAMESPACE"} <= variables
    assert {each["name"] for each in container["volumeMounts"]} == {"data", "tmp", "admin", "store"}
