"""The forms of a workspace's address."""

import pytest

from trackside_mlflow import ConfigError, uris


def test_a_trackside_uri_means_an_http_uri(subtests: pytest.Subtests) -> None:
    cases = [
        ("trackside://host:5000/team-a", "http://host:5000/ws/team-a"),
        ("trackside://host/team-a/", "http://host/ws/team-a"),
        ("trackside+https://host/My_Team", "https://host/ws/My_Team"),
        ("trackside://host:5000", "http://host:5000"),
        ("trackside://[::1]:5000/a", "http://[::1]:5000/ws/a"),
    ]
    for uri, http in cases:
        with subtests.test(uri=uri, http=http):
            assert uris.to_http(uri) == http


@pytest.mark.parametrize("uri", ["trackside:/team-a", "trackside://host/team-a/more", "ftp://host/team-a"])
def test_an_invalid_trackside_uri_is_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match=r"must be like trackside://host:5000/team-a"):
        uris.to_http(uri)


def test_files_can_have_trackside_uris() -> None:
    files = uris.artifacts_to_http("trackside+https://host/team-a/1/abc/artifacts/model")

    assert files == "https://host/ws/team-a/api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts/model"
    with pytest.raises(ConfigError, match="names no workspace"):
        uris.artifacts_to_http("trackside://host")


@pytest.mark.parametrize(
    ("uri", "tracking", "http"),
    [
        ("mlflow-artifacts:/1/abc", "http://h:1/ws/a", "http://h:1/ws/a/api/2.0/mlflow-artifacts/artifacts/1/abc"),
        ("mlflow-artifacts:/", "http://h:1", "http://h:1/api/2.0/mlflow-artifacts/artifacts"),
        ("mlflow-artifacts://o:2/x", "https://h/ws/a", "https://o:2/ws/a/api/2.0/mlflow-artifacts/artifacts/x"),
    ],
)
def test_a_proxied_file_is_found_by_the_tracking_uri(uri: str, tracking: str, http: str) -> None:
    assert uris.proxied_to_http(uri, tracking) == http


def test_a_proxied_file_needs_a_server() -> None:
    with pytest.raises(ConfigError, match="it is 'databricks'"):
        uris.proxied_to_http("mlflow-artifacts:/1", "databricks")


def test_the_servers_address_is_cut_out_of_a_tracking_uri(subtests: pytest.Subtests) -> None:
    cases = [
        ("http://h:5000/", "http://h:5000"),
        ("http://h:5000/ws/team-a", "http://h:5000"),
        ("https://h/trackside/ws/team-a/", "https://h/trackside"),
        (" http://h/ws ", "http://h/ws"),
    ]
    for given, server in cases:
        with subtests.test(given=given, server=server):
            assert uris.server_url(given) == server


def test_which_uris_belong_to_a_server(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str | None, bool]] = [
        ("http://h:5000/ws/a", "http://h:5000", True),
        ("http://h:5000", "http://h:5000/ws/b", True),
        ("http://h/one/ws/a", "http://h/one", True),
        ("http://h:80/ws/a", "http://h", True),
        ("http://h/other", "http://h/one", False),
        ("http://h:5001/ws/a", "http://h:5000", False),
        ("https://h/ws/a", "http://h", False),
        ("databricks", "http://h", False),
        ("http://h", None, False),
    ]
    for uri, server, under in cases:
        with subtests.test(uri=uri, server=server, under=under):
            assert uris.is_under(uri, server) is under


def test_a_scope_is_read_in_any_case_and_written_in_azures_form() -> None:
    text = "/subscriptions/S/resourcegroups/R/providers/microsoft.machinelearningservices/workspaces/W?"

    assert str(uris.Scope.parse(text)) == (
        "/subscriptions/S/resourceGroups/R/providers/Microsoft.MachineLearningServices/workspaces/W"
    )
