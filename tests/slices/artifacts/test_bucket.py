"""Artifact calls with a bucket: of the proxy, and of runs whose clients write to the bucket directly."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest

from support.processes.artifact_server import Reply, Server
from support.processes.servers import trackside
from trackside.artifacts.blobs import get, put
from trackside.artifacts.cloud import PART_BYTES, CloudBlobs, reason
from trackside.core.errors import NoBucket

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
MIB = 1 << 20


@pytest.fixture(scope="module")
def bucket_server(s3: dict[str, str], tmp_path_factory: pytest.TempPathFactory, start: Any) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bucket")
    variables = {
        "AWS_ENDPOINT_URL": s3["endpoint"],
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": s3["region"],
        "AWS_ACCESS_KEY_ID": s3["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": s3["secret_access_key"],
    }
    options = ("--artifacts", "s3://artifacts/proxied", "--default-artifact-root", "s3://artifacts/direct")
    with start(folder, *options, **variables) as served:
        served.call("workspaces", version="3.0", name="north")
        yield served


@pytest.fixture
def bucket(s3: dict[str, str]) -> CloudBlobs:
    return CloudBlobs.at("s3://artifacts", s3)


def test_the_proxy_keeps_files_in_the_bucket(bucket_server: Server, bucket: CloudBlobs, place: str) -> None:
    body = bytes(range(256)) * (3 * PART_BYTES // 256)
    key = place.removeprefix(PROXY + "/")

    assert bucket_server.ask("PUT", f"{place}/folder/large", body).status == 200
    assert bucket_server.ask("PUT", f"{place}/small", b"1").status == 200

    assert get(bucket, f"proxied/{key}/folder/large") == body
    assert bucket_server.ask("GET", f"{place}/folder/large").body == body
    assert bucket_server.ask("GET", f"{PROXY}?path={key}").json == {
        "files": [{"path": "folder", "is_dir": True}, {"path": "small", "is_dir": False, "file_size": 1}]
    }
    part = bucket_server.ask("GET", f"{place}/folder/large", range="bytes=8388600-8388615")
    assert (part.status, part.body) == (206, body[8388600:8388616])
    etag = part.headers["etag"]
    assert bucket_server.ask("GET", f"{place}/folder/large", if_none_match=etag).status == 304
    assert bucket_server.ask("GET", f"{place}/folder").status == 400
    assert bucket_server.ask("GET", f"{place}/nothing").status == 404
    assert bucket_server.ask("DELETE", f"{place}/folder").json == {}
    assert bucket_server.ask("GET", f"{place}/folder/large").status == 404


def test_each_workspace_has_its_part_of_the_bucket(bucket_server: Server, bucket: CloudBlobs, place: str) -> None:
    key = place.removeprefix(PROXY + "/")
    for each in ("default", "north"):
        bucket_server.ask("PUT", f"{place}/file", each.encode(), workspace=each)

    assert get(bucket, f"proxied/{key}/file") == b"default"
    assert get(bucket, f"proxied/workspaces/north/{key}/file") == b"north"
    assert bucket_server.ask("GET", f"{PROXY}/workspaces/north/{key}/file").status == 400


def test_an_aborted_upload_leaves_no_parts(bucket_server: Server, s3: dict[str, str], place: str) -> None:
    with bucket_server.connect() as client:
        client.sendall(f"PUT {place}/half HTTP/1.1\r\nHost: localhost\r\nContent-Length: {90 * MIB}\r\n\r\n".encode())
        for _ in range(40):
            client.sendall(bytes(MIB))
        while _uploads(s3) != 1:  # pytest's own limit ends the wait
            pass
    while _uploads(s3):
        pass

    assert bucket_server.ask("GET", f"{place}/half").status == 404


@pytest.mark.slow
def test_a_large_file_is_sent_to_the_bucket_and_back_in_little_memory(bucket_server: Server, place: str) -> None:
    """The memory of the server; the bucket is served by this process."""
    size = 256 * MIB
    bucket_server.ask("PUT", f"{place}/warm", bytes(3 * PART_BYTES))
    bucket_server.ask("GET", f"{place}/warm")
    before = bucket_server.peak_kib()

    with bucket_server.connect() as client:
        client.sendall(f"PUT {place}/large HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode())
        for _ in range(size // MIB):
            client.sendall(bytes(MIB))
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
    received = 0
    with bucket_server.connect() as client:
        client.sendall(f"GET {place}/large HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        while received < size:
            received += len(client.recv(MIB))

    assert bucket_server.peak_kib() - before < 96 << 10  # a few parts, each in a few places
    assert bucket_server.ask("DELETE", f"{place}/large").status == 200


def test_the_files_of_a_run_in_a_bucket_are_listed_and_read(bucket_server: Server, bucket: CloudBlobs) -> None:
    run = bucket_server.new_run()
    assert run["artifact_uri"] == f"s3://artifacts/direct/0/{run['run_id']}/artifacts"
    put(bucket, f"{run['artifact_uri'].removeprefix('s3://artifacts/')}/model/MLmodel", [[b"flavors:"]])

    assert _listed(bucket_server, run_id=run["run_id"], path="model").json == {
        "root_uri": run["artifact_uri"],
        "files": [{"path": "model/MLmodel", "is_dir": False, "file_size": 8}],
    }
    got = bucket_server.ask("GET", f"/get-artifact?{urlencode({'run_id': run['run_id'], 'path': 'model/MLmodel'})}")
    assert (got.body, got.headers["content-type"]) == (b"flavors:", "text/plain")


def test_a_bucket_that_the_operator_does_not_allow_is_not_served(bucket_server: Server) -> None:
    for location in ("s3://artifacts/elsewhere", "s3://artifacts", "s3://others/direct"):
        run = bucket_server.new_run(name=location, artifact_location=location)
        assert _listed(bucket_server, run_id=run["run_id"]).status == 403
    for location in ("s3://artifacts/direct/workspaces/north/1", "s3://artifacts/proxied/workspaces/north/1"):
        run = bucket_server.new_run(name=location, artifact_location=location)
        assert _listed(bucket_server, run_id=run["run_id"]).status == 400


def test_a_store_that_does_not_answer_is_unavailable(tmp_path_factory: pytest.TempPathFactory, start: Any) -> None:
    variables = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_SKIP_SIGNATURE": "true",
    }
    with start(tmp_path_factory.mktemp("dead"), "--artifacts", "s3://artifacts", **variables) as served:
        refused = served.ask("GET", f"{PROXY}/0/file")

    assert refused.fault == (503, "TEMPORARILY_UNAVAILABLE", "The artifact store cannot read '0/file' now")


def test_a_bucket_of_another_s3_server_needs_only_mlflows_variables(s3: dict[str, str], tmp_path: Path) -> None:
    variables = {
        "MLFLOW_S3_ENDPOINT_URL": s3["endpoint"],
        "AWS_ACCESS_KEY_ID": s3["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": s3["secret_access_key"],
    }

    code, said, _ = trackside("doctor", "--port", "0", "--artifacts", "s3://artifacts", cwd=tmp_path, **variables)

    assert (code, said.partition("artifacts    ok")[2].split()[:1]) == (0, ["s3://artifacts"])


@pytest.mark.parametrize("size", [1, PART_BYTES + 1])
def test_a_missing_bucket_is_reported_by_its_name(s3: dict[str, str], size: int) -> None:
    bucket = CloudBlobs.at("s3://no-such-bucket", s3)

    with pytest.raises(NoBucket, match="cannot write 'file': its bucket does not exist"):
        put(bucket, "file", [[bytes(size)]])


def test_a_missing_bucket_is_an_error_that_clients_do_not_retry(
    s3: dict[str, str], tmp_path_factory: pytest.TempPathFactory, start: Any
) -> None:
    variables = {
        "MLFLOW_S3_ENDPOINT_URL": s3["endpoint"],
        "AWS_ACCESS_KEY_ID": s3["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": s3["secret_access_key"],
    }

    with start(tmp_path_factory.mktemp("gone"), "--artifacts", "s3://no-such-bucket", **variables) as served:
        refused = [
            served.ask("PUT", f"{PROXY}/0/file", b"1"),
            served.ask("GET", f"{PROXY}?path=0"),
            served.ask("GET", f"{PROXY}/0/file"),
        ]

    why = "its bucket does not exist. The operator of this server has to create it; trackside doctor names it."
    assert [each.fault for each in refused] == [
        (507, "INVALID_STATE", f"The artifact store cannot write '0/file': {why}"),
        (507, "INVALID_STATE", f"The artifact store cannot list '0': {why}"),
        (507, "INVALID_STATE", f"The artifact store cannot read '0/file': {why}"),
    ]


@pytest.mark.parametrize(
    ("said", "is_explained"),
    [
        ("Error performing PUT http://169.254.169.254/latest/api/token in 4.8ms", True),
        ("Error performing GET http://metadata.google.internal/computeMetadata/v1/instance in 2ms", True),
        ("Error performing GET https://s3.us-east-1.amazonaws.com/artifacts in 2ms", False),
    ],
)
def test_missing_credentials_are_distinguished_from_an_unavailable_bucket(said: str, is_explained: bool) -> None:
    error = OSError(f"{said}\n\nDebug source: ...")

    assert reason(error).startswith(said)
    assert ("the environment has no credentials" in reason(error)) == is_explained


def _listed(server: Server, **arguments: str) -> Reply:
    return server.ask("GET", f"/api/2.0/mlflow/artifacts/list?{urlencode(arguments)}")


def _uploads(s3: dict[str, str]) -> int:
    """How many uploads in parts the bucket has begun and not ended."""
    with urllib.request.urlopen(f"{s3['endpoint']}/artifacts?uploads") as answer:
        return sum(element.tag.endswith("}Upload") for element in ET.fromstring(answer.read()).iter())
