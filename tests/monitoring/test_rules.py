"""The shipped alert rules, tested by Prometheus' own `promtool`, where the machine has it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from trackside.monitoring import rules

TESTS = Path(__file__).with_name("rules_test.yml")
PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")


def test_each_rule_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    cases = [case for test in yaml.safe_load(TESTS.read_text())["tests"] for case in test["alert_rule_test"]]

    names = {rule.name for rule in rules.RULES}

    assert {case["alertname"] for case in cases if case["exp_alerts"]} == names
    assert {case["alertname"] for case in cases if not case["exp_alerts"]} == names


@pytest.mark.skipif(not PROMTOOL, reason="there is no promtool; PROMTOOL names it, or `apt-get install promtool`")
def test_promtool_finds_that_the_rules_fire_when_they_should(tmp_path: Path) -> None:
    (tmp_path / "trackside-rules.yml").write_text(rules.text())
    (tmp_path / "rules_test.yml").write_text(TESTS.read_text())

    checked, tested = (
        subprocess.run([str(PROMTOOL), *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        for words in (("check", "rules", "trackside-rules.yml"), ("test", "rules", "rules_test.yml"))
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert tested.returncode == 0, tested.stdout + tested.stderr
