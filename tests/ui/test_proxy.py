"""The web UI behind nginx and behind Jupyter, below a path that only the proxy knows."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.links import until
from support.processes.ports import free_port, is_open
from support.processes.servers import Server
from ui.test_shell import log_run

PREFIXES = ("/tools/trackside", "/user/ana/proxy/5000")
STOP_S = 30
# One process, as the user of the test, whose files all stay in the test's folder.
CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location {prefix}/ {{
            proxy_pass {target}/;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""


def program() -> str:
    """nginx of this machine.  Debian has it outside of the search path of users."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("nginx is not installed: `apt-get install nginx-light` as root on Debian")
    return found


@contextmanager
def jupyter(folder: Path, target: str) -> Iterator[str]:
    """Hand out the address below which jupyter-server-proxy passes requests on to `target`.

    JUPYTER_SERVER names the program of an environment with both packages."""
    found = os.environ.get("JUPYTER_SERVER") or shutil.which("jupyter-server")
    if found is None:
        pytest.skip("no Jupyter: `pip install jupyter-server-proxy` elsewhere, and JUPYTER_SERVER=…/bin/jupyter-server")
    port = free_port()
    homes = {
        name: str(folder / name) for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    with (folder / "jupyter.log").open("wb") as log:
        process = subprocess.Popen(
            [found, "--allow-root", "--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
             "--ServerApp.base_url=/user/ana/", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"],
            env=os.environ | homes, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        until(lambda: process.poll() is not None or is_open(port), "Jupyter listens")
        assert process.poll() is None, (folder / "jupyter.log").read_text()
        yield f"http://127.0.0.1:{port}/user/ana/proxy/{target.rpartition(':')[2]}"
    finally:
        process.terminate()
        process.wait(STOP_S)


@contextmanager
def nginx(folder: Path, target: str, prefix: str) -> Iterator[str]:
    """Hand out the address below which nginx passes requests on to `target`."""
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, prefix=prefix, target=target))
    process = subprocess.Popen([program(), "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(config)])
    try:
        until(lambda: process.poll() is not None or is_open(port), "nginx listens")
        assert process.poll() is None, (folder / "error.log").read_text()
        yield f"http://127.0.0.1:{port}{prefix}"
    finally:
        process.terminate()
        process.wait(STOP_S)


@pytest.mark.slow
@pytest.mark.parametrize("prefix", [*PREFIXES, "jupyter"])
def test_the_ui_is_served_below_a_path_of_a_proxy(page: Page, server: Server, tmp_path: Path, prefix: str) -> None:
    log_run(server.api)
    experiment_id, run_id = log_run(server.api.new_workspace("team"), name="calm-elk")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    proxy = jupyter(tmp_path, server.url) if prefix == "jupyter" else nginx(tmp_path, server.url, prefix)
    with proxy as address:
        page.goto(f"{address}/")
        page.get_by_role("link", name="demo").click()
        page.get_by_role("link", name="swift-fox").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("swift-fox")
        page.locator("canvas").first.wait_for()

        page.goto(f"{address}/ws/team/#/experiments/{experiment_id}/runs/{run_id}")
        expect(page.get_by_role("heading", level=1)).to_have_text("calm-elk")
        page.goto("about:blank")  # ends the long polls

    assert {url for url in asked if not url.startswith((f"{address}/", "blob:", "data:", "about:"))} == set()


@pytest.mark.slow
def test_an_address_without_its_last_slash_stays_below_the_proxy(page: Page, server: Server, tmp_path: Path) -> None:
    server.api.new_workspace("team")

    with nginx(tmp_path, server.url, PREFIXES[0]) as address:
        page.goto(address)
        expect(page).to_have_url(f"{address}/")
        page.goto(f"{address}/ws/team")
        expect(page.get_by_role("heading", level=1)).to_have_text("Experiments")
        expect(page).to_have_url(f"{address}/ws/team/")
        page.goto("about:blank")
