"""Headers and tags that the plug-ins add to mlflow's requests and runs, and when they add none."""

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest

from trackside_mlflow import ConfigError
from trackside_mlflow.auth import TokenProvider
from trackside_mlflow.context import ClusterContext
from trackside_mlflow.headers import TracksideHeaders


@pytest.fixture
def tracking(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The `mlflow.tracking` of this process; `uri` is its tracking URI."""
    chosen = SimpleNamespace(uri="http://h:5000")
    module = ModuleType("mlflow.tracking")
    module.get_tracking_uri = lambda: chosen.uri  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlflow.tracking", module)
    return chosen


def test_without_variables_requests_are_not_changed(tracking: SimpleNamespace) -> None:
    assert not TracksideHeaders().in_context()
    assert TracksideHeaders().request_headers() == {}


@pytest.mark.parametrize(
    ("uri", "headers"),
    [
        ("http://h:5000", {"X-MLFLOW-WORKSPACE": "team-a"}),
        ("https://h/prefix", {"X-MLFLOW-WORKSPACE": "team-a"}),
        ("http://h:5000/ws/team-b", {}),
        ("trackside://h:5000/team-b", {}),
        ("databricks", {}),
        ("file:///tmp/mlruns", {}),
    ],
)
def test_the_workspace_of_the_environment_is_sent_if_the_uri_has_none(
    tracking: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, uri: str, headers: dict[str, str]
) -> None:
    monkeypatch.setenv("TRACKSIDE_WORKSPACE", "team-a")
    tracking.uri = uri

    assert TracksideHeaders().in_context()
    assert TracksideHeaders().request_headers() == headers


def test_mlflows_own_choice_of_a_workspace_takes_precedence(
    tracking: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKSIDE_WORKSPACE", "team-a")
    monkeypatch.setenv("MLFLOW_WORKSPACE", "team-b")

    assert TracksideHeaders().request_headers() == {}


@pytest.mark.parametrize("uri", ["http://h:5000", "https://h/ws/team-a", "trackside://h:5000/team-a"])
def test_the_user_name_is_sent_in_utf_8(tracking: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("TRACKSIDE_USER", "Äda")
    tracking.uri = uri

    sent = TracksideHeaders().request_headers()["X-Trackside-User"]

    assert TracksideHeaders().in_context()
    assert sent.encode("latin-1").decode() == "Äda"


def test_the_user_name_is_not_sent_to_other_servers(tracking: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKSIDE_USER", "ada")
    tracking.uri = "databricks"

    assert TracksideHeaders().request_headers() == {}


@pytest.mark.parametrize(
    ("uri", "url", "sent"),
    [
        ("trackside://h:5000/team-a", None, True),
        ("http://h:5000/ws/team-a", "http://h:5000", True),
        ("http://h:5000/ws/team-a", None, False),
        ("http://elsewhere/ws/team-a", "http://h:5000", False),
        ("databricks", "http://h:5000", False),
    ],
)
def test_the_token_goes_to_the_server_it_is_for(
    tracking: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, uri: str, url: str | None, sent: bool
) -> None:
    monkeypatch.setenv("TRACKSIDE_TOKEN", "secret")
    if url is not None:
        monkeypatch.setenv("TRACKSIDE_URL", url)
    tracking.uri = uri

    assert TracksideHeaders().request_headers() == ({"Authorization": "Bearer secret"} if sent else {})


def test_the_auth_provider_adds_the_token_on_the_servers_host_only(
    tracking: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKSIDE_TOKEN", "secret")
    add_token = TokenProvider().get_auth()

    own = add_token(SimpleNamespace(url="http://h:5000/api/2.0/mlflow/runs/create", headers={}))
    others = add_token(SimpleNamespace(url="http://files/abc", headers={}))

    assert own.headers == {"Authorization": "Bearer secret"}
    assert others.headers == {}


def test_the_auth_provider_without_a_token_says_so(tracking: SimpleNamespace) -> None:
    with pytest.raises(ConfigError, match="TRACKSIDE_TOKEN is not set"):
        TokenProvider().get_auth()


def test_outside_of_a_cluster_runs_get_no_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABRICKS_RUNTIME_VERSION", "SLURM_JOB_ID", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)

    assert not ClusterContext().in_context()


def test_on_a_cluster_runs_get_tags_of_their_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "9.1")
    monkeypatch.setenv("SLURM_JOB_ID", "42")
    monkeypatch.delenv("SLURM_PROCID", raising=False)
    spark = SimpleNamespace(applicationId="app-1", master="yarn", version="3.1.2")
    pyspark = SimpleNamespace(SparkContext=SimpleNamespace(_active_spark_context=spark))
    monkeypatch.setitem(sys.modules, "pyspark", pyspark)

    assert ClusterContext().in_context()
    assert ClusterContext().tags() == {
        "trackside.databricks.runtime": "9.1",
        "trackside.slurm.job": "42",
        "trackside.spark.application": "app-1",
        "trackside.spark.master": "yarn",
        "trackside.spark.version": "3.1.2",
    }
