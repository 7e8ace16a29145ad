"""`make demo`, as a newcomer runs it: the training, the registry and the prediction, against a server of its own."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from support.scrapes import selectors, series_of, total
from trackside.monitoring import dashboard

ROOT = Path(__file__).parents[2]


def test_the_demo_registers_its_model_twice_and_predicts_with_version_2(tmp_path: Path) -> None:
    said, scrape = watched_demo(tmp_path)

    assert re.findall(r"Created version '(\d)' of model 'iris-classifier'", said) == ["1", "2"]
    shown, _, predicted = said.partition('mlflow.pyfunc.load_model("models:/iris-classifier/2")')
    assert '"epoch_loss"' in shown
    predicted, _, served = predicted.partition("The endpoint iris serves")
    assert '{"predictions": [0]}' in served
    kinds = ["setosa", "setosa", "versicolor", "versicolor", "virginica"]
    assert re.findall(r"(\w+) +(\w+)$", predicted, re.MULTILINE)[1:] == [(k, k) for k in kinds]
    served, _, scored = served.partition("scored 150 rows with models:/iris-classifier/2")
    assert re.findall(r"0 models:/iris-classifier/2 +(\d)$", scored, re.MULTILINE) == ["0", "1", "2"]
    assert re.search(r"^petal length \(cm\) +drifted +drift +ks +0\.\d+ +0\.207$", scored, re.MULTILINE)
    assert len(re.findall(r" drifted +drift ", scored)) == 1
    assert '"action": "drift-detected"' in scored
    assert "All of it is in the folder" in scored
    check_monitoring(scrape)


def check_monitoring(scrape: str) -> None:
    """A scrape of the demo's server tells what the demo did, and each query of the dashboard finds its series in it."""
    for panel in dashboard.PANELS:
        for expr, _ in panel.queries:
            for selector in selectors(expr):
                assert series_of(selector, scrape) or "or vector(0)" in expr, f"{panel.title}: {selector}"
    assert total(scrape, "trackside_runs", status="FINISHED") > 0
    calls = "trackside_http_request_duration_seconds_count"
    assert total(scrape, calls, route="/api/2.0/mlflow/runs/log-batch", code="2xx") > 0
    assert total(scrape, "trackside_endpoint_request_duration_seconds_count", endpoint="iris", code="2xx") == 1
    assert total(scrape, "trackside_endpoint_request_duration_seconds_sum", endpoint="iris") > 0
    assert total(scrape, "trackside_cpu_seconds_total", part="children") > 0


def watched_demo(folder: Path) -> tuple[str, str]:
    """Run the demo until it waits for Ctrl-C.  Return what it said, and a scrape of its server."""
    demo = subprocess.Popen(
        [sys.executable, ROOT / "examples" / "demo.py"],
        env={**os.environ, "DATA": str(folder / "data"), "MPLCONFIGDIR": str(folder / "matplotlib")},
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
                if "until Ctrl-C" in line:
                    break
            uri = re.search(r"The web UI is at (\S+)/$", said, re.MULTILINE)
            assert uri, said
            with urllib.request.urlopen(f"{uri[1]}/metrics", timeout=60) as answer:
                scrape = answer.read().decode()
        finally:
            os.killpg(demo.pid, signal.SIGTERM)
            said += demo.stdout.read()
    return said, scrape
