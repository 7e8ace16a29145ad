"""Configuration and data of deployments in the form of the server, tested without a server."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from trackside_mlflow import ConfigError
from trackside_mlflow.serving import configs, inputs
from trackside_mlflow.serving.webservices import AciWebservice, AksWebservice


def test_texts_of_the_command_line_become_numbers_and_booleans() -> None:
    found = configs.deploy(
        {
            "replicas": "2",
            "request_timeout_s": "1.5",
            "env": "local",
            "async": "true",
            "timeout_s": "9",
            "auth_mode": "none",
        }
    )

    assert found.spec == {"replicas": 2, "request_timeout_s": 1.5, "env": "local"}
    assert (found.is_async, found.timeout_s, found.endpoint) == (True, 9.0, {"auth_mode": "none"})


def test_a_file_of_azures_web_services_is_translated(tmp_path: Path) -> None:
    file = tmp_path / "deploy.yaml"
    file.write_text(
        "computeType: aks\nautoScaler: {autoscaleEnabled: true, minReplicas: 2, maxReplicas: 5, targetUtilization: 60}\n"
        "scoringTimeoutMs: 2500\nmaxConcurrentRequestsPerContainer: 4\nauthEnabled: false\n"
        "containerResourceRequirements: {cpu: 1, memoryInGB: 1}\nkeys: {primaryKey: aaaaaaaaaaaaaaaa}\ntags: {team: a}\n",
        "utf-8",
    )

    found = configs.deploy({"deploy-config-file": str(file), "env": "local"})

    assert found.spec == {
        "replicas": 2,
        "max_replicas": 5,
        "target_utilization": 60,
        "request_timeout_s": 2.5,
        "threads": 4,
        "env": "local",
    }
    assert (found.endpoint, found.keys) == ({"auth_mode": "none", "tags": {"team": "a"}}, {"primary": "a" * 16})


def test_the_collection_of_data_is_the_request_log(subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], Any]] = [
        ({}, None),
        ({"dataCollection": {"storageEnabled": True}}, {}),
        ({"dataCollection": {"storageEnabled": False}}, False),
        (
            {"data_collector": {"collections": {"model_inputs": {"enabled": True}}, "sampling_rate": 0.5}},
            {"sampling": 0.5},
        ),
        ({"data_collector": {"collections": {"model_inputs": {"enabled": "false"}}}}, False),
    ]
    for given, found in cases:
        with subtests.test(given=given, found=found):
            wanted = configs.deploy(
                {**given, "livenessProbe": {"periodSeconds": 10}, "sslCertificate": "x", "sslKey": "y"}
            )

            assert (wanted.request_log, wanted.spec) == (found, {})


def test_a_file_of_azures_online_endpoints_is_translated(tmp_path: Path) -> None:
    file = tmp_path / "deploy.json"
    content = {
        "instance_type": "Standard_DS3_v2",
        "instance_count": 3,
        "app_insights_enabled": True,
        "request_settings": {"request_timeout_ms": 3000, "max_concurrent_requests_per_instance": 2},
    }
    file.write_text(json.dumps(content), "utf-8")

    assert configs.deploy({"deploy-config-file": str(file)}).spec == {
        "replicas": 3,
        "request_timeout_s": 3.0,
        "threads": 2,
    }


def test_traffic_is_read_from_text_and_from_numbers() -> None:
    expected = {"traffic": {"blue": 90, "green": 10}}

    assert configs.endpoint({"traffic": "blue=90, green=10"}) == expected
    assert configs.endpoint({"traffic": {"blue": 90, "green": "10"}}) == expected


def test_a_wrong_value_is_named(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (configs.deploy, {"async": "maybe"}, "async is 'maybe'"),
        (configs.deploy, {"timeout_s": "-1"}, "timeout_s is '-1'"),
        (configs.deploy, {"tags": "team"}, "tags must be an object"),
        (configs.deploy, {"deploy-config-file": "/no/such/file"}, "cannot be read"),
        (configs.endpoint, {"traffic": "blue=x"}, "whole number"),
        (configs.endpoint, {"replicas": 1}, "unknown key 'replicas'"),
    ]
    for read, config, named in cases:
        with subtests.test(read=read, config=config, named=named), pytest.raises(ConfigError, match=named):
            read(config)


def test_azures_arguments_become_fields_of_a_spec() -> None:
    scaled = AksWebservice.deploy_configuration(autoscale_max_replicas=4, scoring_timeout_ms=500, tags={"a": "b"})
    fixed = AksWebservice.deploy_configuration(num_replicas=3, auth_enabled=False)

    assert scaled.spec == {"replicas": 1, "max_replicas": 4, "request_timeout_s": 0.5}
    assert (fixed.spec, fixed.fields()["auth_mode"]) == ({"replicas": 3}, "none")
    with pytest.warns(UserWarning, match="ignored: cpu_cores, memory_gb"):
        assert AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1).spec == {}


def test_each_kind_of_data_has_its_format() -> None:
    assert json.loads(inputs.encoded([{"a": date(2026, 1, 2)}])) == {"dataframe_records": [{"a": "2026-01-02"}]}
    assert json.loads(inputs.encoded([[True], [b"x"]])) == {"inputs": [[True], ["eA=="]]}
    assert json.loads(inputs.encoded({"x": [1, 2]})) == {"inputs": {"x": [1, 2]}}
    assert json.loads(inputs.encoded({"input_data": [[1]], "params": {}})) == {"input_data": [[1]], "params": {}}
    assert inputs.encoded('{"columns": []}') == b'{"columns": []}'


@pytest.mark.parametrize(
    ("data", "named"), [(3, "is a int"), ("{", "not JSON"), ({"inputs": object()}, "cannot be sent as JSON")]
)
def test_unsupported_data_is_refused(data: Any, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        inputs.encoded(data)
