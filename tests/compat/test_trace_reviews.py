"""The guide to trace reviews does what it says, run by the stock client."""

import json
import re
import sys
from pathlib import Path
from typing import Protocol

import pytest

from compat.conftest import ROOT, Client

pytestmark = pytest.mark.slow

GUIDE = ROOT / "docs" / "guides" / "trace-reviews.md"


class Server(Protocol):
    url: str


def test_the_guide_to_trace_reviews(server: Server, tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    script = tmp_path / "guide.py"
    script.write_text(code.replace("http://127.0.0.1:5000", server.url))

    found = json.loads(Client(Path(sys.executable)).run("trace_reviews.py", script, MLFLOW_TRACKING_URI=server.url))

    assert found == {
        "scorers": ["tone"],
        "instructions": "Is {{ outputs }} polite?",
        "versions": [1, 2],
        "refused": "INVALID_PARAMETER_VALUE: Custom scorer registr"[:43],
        "schemas": ["Feedback", "correct"],
        "queue": ["week 48", ["ada"], 1],
        "item": [True, "complete", "ada"],
        "feedback": [["correct", True]],
        "issue": ["slow", "resolved", "high", 0],
        "gateway": "NOT_IMPLEMENTED: The AI Gateway feature is disabled. Set MLFLOW_ENABLE_AI"[:72],
    }
