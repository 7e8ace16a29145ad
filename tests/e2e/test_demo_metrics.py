"""The metrics of the demo's server while the demo waits for Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from support.scrapes import selectors, series_of, total
from trackside.monitoring import dashboard

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_each_query_of_the_dashboard_finds_its_series_on_the_demos_server(tmp_path: Path) -> None:
    _, scrape = watched_demo(tmp_path)

    check_monitoring(scrape)


def check_monitoring(scrape: str) -> None:
    """Check that a scrape has the metrics of the demo, and a series for each query of the dashboard."""
    for panel in dashboard.PANELS:
        for expr, _ in panel.queries:
            for selector in selectors(expr):
                assert series_of(selector, scrape) or "or vector(0)" in expr, f"{panel.title}: {selector}"
    assert total(scrape, "trackside_runs", status="FINISHED") > 0
    calls = "trackside_http_request_duration_seconds_count"
    assert total(scrape, calls, route="/api/2.0/mlflow/runs/log-batch", code="2xx") > 0
    assert total(scrape, "trackside_endpoint_request_duration_seconds_count", endpoint="iris", code="2xx") > 0
    assert total(scrape, "trackside_endpoint_request_duration_seconds_sum", endpoint="iris") > 0
    assert total(scrape, "trackside_cpu_seconds_total", part="children") > 0


def watched_demo(folder: Path) -> tuple[str, str]:
    """Run the demo until it waits for Ctrl-C.  Return what it said, and a scrape of its server."""
    demo = subprocess.Popen(
        [sys.executable, ROOT / "examples" / "demo.py"],
        env={**os.environ, "DATA": str(folder / "data"), "PORT": "0", "MPLCONFIGDIR": str(folder / "matplotlib")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    with demo:
        assert demo.stdout is not None
        said = ""
        try:
            for line in demo.stdout:
                said += line
                if "until you press Ctrl-C" in line:
                    break
            uri = re.search(r"The web UI is at (\S+)/$", said, re.MULTILINE)
            assert uri, said
            with urllib.request.urlopen(f"{uri[1]}/metrics", timeout=60) as answer:
                scrape = answer.read().decode()
        finally:
            os.killpg(demo.pid, signal.SIGTERM)
            said += demo.stdout.read()
    return said, scrape
