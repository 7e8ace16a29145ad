"""An endpoint on a real Ray cluster, from its start to the end of its server; run by `test_ray` in a network of its own.

ray_scenario.py PYTHON FOLDER     PYTHON has Ray; the only network is loopback
"""

import os
import re
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from endpoints.conftest import ENDPOINTS, ROW, endpoint, key_of, register, save_model, wait_for
from support.client import Api
from support.processes.servers import Server

SERVICE = "/api/v1/service/adder/score"
GCS = "127.0.0.1:6399"


def main(python: str, folder: Path) -> None:
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "300"}
    quiet["RAY_agent_register_timeout_ms"] = "300000"  # a busy machine takes long to start Ray's agents
    quiet |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    os.environ |= quiet  # the server hands the token to the process that drives the cluster
    command = [
        str(Path(python).with_name("ray")),
        "start",
        "--head",
        "--node-ip-address=127.0.0.1",
        "--num-cpus=3",
        "--block",
    ]
    command += [f"--port={GCS.rpartition(':')[2]}", "--include-dashboard=false", f"--temp-dir={folder / 'ray'}"]
    temporary = folder / "tmp"
    temporary.mkdir()
    head = subprocess.Popen(
        [*command, "--object-store-memory=100000000"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    )
    assert head.stdout is not None
    if not any("Ray runtime started" in line for line in head.stdout):
        raise SystemExit(f"Ray did not start and ended with {head.wait()}")
    server = Server(folder / "data", ("--ray-address", GCS, "--ray-python", python, "--durability", "relaxed")).start()
    try:
        scenario(server, folder, temporary)
    finally:
        server.stop()
        head.terminate()
        head.stdout.close()
        head.wait()


def scenario(server: Server, folder: Path, temporary: Path) -> None:
    api = server.api
    register(api, [save_model(folder / "one", 1.0), save_model(folder / "two", 2.0)])
    spec = {"backend": "ray", "env": "local", "replicas": 2}
    api.post(ENDPOINTS, name="adder", model_uri="models:/sum/1", spec=spec)

    state = settled(api)
    key = key_of(api, "adder")
    assert state == "Healthy", endpoint(api, "adder")
    assert api.ask("POST", SERVICE, ROW, headers=key).json == {"predictions": [3.0]}
    assert len(scorers()) == len(replica_folders(temporary)) == 2
    assert any("ready" in line for line in api.get(f"{ENDPOINTS}/adder/deployments/blue/logs")["lines"])
    refuses_callers_without_the_routers_key()

    os.kill(scorers()[0], signal.SIGKILL)
    assert {api.ask("POST", SERVICE, ROW, headers=key).status for _ in range(20)} == {200}
    wait_for(lambda: len(scorers()) == 2 and settled(api) == "Healthy")
    wait_for(lambda: len(replica_folders(temporary)) == 2)

    put(api, spec={"threads": 8})
    reason = wait_for(lambda: endpoint(api, "adder")["state"] == "Unschedulable" and endpoint(api, "adder"))
    assert "free CPUs" in reason["deployments"][0]["reason"]
    assert api.ask("POST", SERVICE, ROW, headers=key).json == {"predictions": [3.0]}

    put(api, spec={"replicas": 1, "threads": 1})
    wait_for(lambda: len(scorers()) == 1 and settled(api) == "Healthy")
    wait_for(lambda: len(replica_folders(temporary)) == 1)
    before = scorers()
    server.kill9()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before))
    wait_for(lambda: not replica_folders(temporary))

    server.start()
    wait_for(lambda: server.api.ask("POST", SERVICE, ROW, headers=key).status == 200)


def replica_folders(temporary: Path) -> list[Path]:
    return list(temporary.glob("trackside-replica-*"))


def settled(api: Api) -> str:
    return str(wait_for(lambda: (found := endpoint(api, "adder"))["state"] in ("Healthy", "Failed") and found["state"]))


def put(api: Api, **fields: Any) -> None:
    reply = api.ask("PUT", f"{ENDPOINTS}/adder/deployments/blue", fields)
    assert reply.status == 200, reply


def scorers() -> list[int]:
    """The processes that score on the cluster: those of this network with keys of their own."""
    found, network = [], Path("/proc/self/ns/net").readlink()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                is_ours = (entry / "ns" / "net").readlink() == network
            except OSError:
                continue
            if is_ours and b"--keys" in words and b"--lifeline" in words:
                found.append(int(entry.name))
    return sorted(found)


def refuses_callers_without_the_routers_key() -> None:
    import http.client

    listening = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    port = next(
        int(found[1])
        for line in listening.splitlines()
        if f"pid={scorers()[0]}," in line and (found := re.search(r":(\d+) ", line))
    )
    for path, expected in (("/score", 401), ("/stats", 401), ("/ping", 200)):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST" if path == "/score" else "GET", path, b"{}")
        assert connection.getresponse().status == expected
        connection.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
