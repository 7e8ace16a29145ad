"""Flags, variables and defaults; store and artifact URLs; messages of refusals."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackside.core import locations
from trackside.core.locations import LocationError
from trackside.core.options import OPTIONS, REFUSED_FLAGS
from trackside.core.settings import (
    ArtifactStore,
    PostgresStore,
    SettingError,
    SqliteStore,
    complete_endpoint,
    load,
    unknown_variables,
)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(flags: dict[str, str], environ: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingError) as refused:
        load(flags, environ or {})
    return str(refused.value)


# What is set, by whom


def test_by_default_everything_is_in_the_data_folder_and_on_loopback(tmp_path: Path) -> None:
    settings = load({}, {})

    data = tmp_path / "trackside-data"
    assert (settings.host, settings.port) == ("127.0.0.1", 5000)
    assert settings.data == data
    assert settings.store == SqliteStore(data / "trackside.db")
    assert settings.artifacts == ArtifactStore((data / "artifacts").as_uri(), data / "artifacts")
    assert settings.default_artifact_root == "mlflow-artifacts:/"
    assert (settings.durability, settings.workers, settings.log_level) == ("full", 1, "warning")
    assert not settings.allow_unauthenticated
    assert settings.cors_origins == ()
    assert settings.static_prefix == ""


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_default() -> None:
    environ = {"TRACKSIDE_PORT": "6000", "TRACKSIDE_DURABILITY": "relaxed"}

    settings = load({"--port": "7000"}, environ)

    assert (settings.port, settings.durability, settings.host) == (7000, "relaxed", "127.0.0.1")


def test_store_and_artifacts_follow_the_data_folder(tmp_path: Path) -> None:
    settings = load({"--data": "elsewhere?x=1"}, {})

    assert settings.store == SqliteStore(tmp_path / "elsewhere?x=1" / "trackside.db")
    assert settings.artifacts.path == tmp_path / "elsewhere?x=1" / "artifacts"


def test_mlflows_names_of_settings_are_accepted(subtests: pytest.Subtests) -> None:
    cases = [
        ("--backend-store-uri", "--store", "sqlite:///mlflow.db"),
        ("--artifacts-destination", "--artifacts", "s3://bucket/folder"),
        ("-p", "--port", "8080"),
        ("--serve-artifacts", "--log-level", "warning"),
    ]
    for mlflows, ours, value in cases:
        with subtests.test(mlflows=mlflows, ours=ours, value=value):
            assert load({mlflows: value}, {}) == load({ours: value}, {})


def test_two_names_of_one_setting_must_agree() -> None:
    same = {"--store": "sqlite:///a.db", "--backend-store-uri": "sqlite:///a.db"}

    assert load(same, {}).store == load({"--store": "sqlite:///a.db"}, {}).store
    assert "--store and --backend-store-uri are one setting" in refusal(same | {"--store": "sqlite:///b.db"})


def test_every_setting_has_a_variable_of_the_same_name() -> None:
    assert {option.variable for option in OPTIONS.values()} == {
        *("TRACKSIDE_HOST", "TRACKSIDE_PORT", "TRACKSIDE_DATA", "TRACKSIDE_STORE", "TRACKSIDE_ARTIFACTS"),
        *("TRACKSIDE_DEFAULT_ARTIFACT_ROOT", "TRACKSIDE_WORKERS", "TRACKSIDE_DURABILITY", "TRACKSIDE_UI"),
        *("TRACKSIDE_ALLOW_UNAUTHENTICATED", "TRACKSIDE_ALLOWED_HOSTS", "TRACKSIDE_CORS_ALLOWED_ORIGINS"),
        *("TRACKSIDE_MODEL_PRICES", "TRACKSIDE_TRACE_INLINE_KIB"),
        *("TRACKSIDE_STATIC_PREFIX", "TRACKSIDE_LOG_LEVEL", "TRACKSIDE_SECRET_KEY", "TRACKSIDE_CHANGE_LOG_DAYS"),
        *("TRACKSIDE_ALLOW_PRIVATE_WEBHOOKS", "TRACKSIDE_WEBHOOK_SCHEMES", "TRACKSIDE_WEBHOOK_TIMEOUT"),
        *("TRACKSIDE_TLS", "TRACKSIDE_TLS_CERT", "TRACKSIDE_TLS_KEY", "TRACKSIDE_TRUSTED_PROXIES"),
        *(
            "TRACKSIDE_DEFAULT_ROLE",
            "TRACKSIDE_ANONYMOUS_READ",
            "TRACKSIDE_OIDC",
            "TRACKSIDE_MAX_TOKEN_DAYS",
            "TRACKSIDE_SESSION_DAYS",
        ),
        *("TRACKSIDE_ADMIN_USERNAME", "TRACKSIDE_ADMIN_PASSWORD", "TRACKSIDE_ADMIN_PASSWORD_FILE"),
        *(
            "TRACKSIDE_AUDIT_DAYS",
            "TRACKSIDE_WEBHOOK_RETRIES",
            "TRACKSIDE_ALLOWED_ARTIFACT_ROOTS",
            "TRACKSIDE_STORE_FILE",
        ),
        *("TRACKSIDE_ARTIFACT_TIMEOUT", "TRACKSIDE_SEARCH_TIMEOUT", "TRACKSIDE_MAX_LINKS", "TRACKSIDE_ALLOWED_REMOTES"),
        *("TRACKSIDE_MODEL_PYTHON", "TRACKSIDE_JOB_SLOTS", "TRACKSIDE_WORKSPACE_JOBS", "TRACKSIDE_JOB_DAYS"),
        *("TRACKSIDE_JOB_FOLDERS", "TRACKSIDE_JOB_BUCKETS"),
        *("TRACKSIDE_MAIL_SERVER", "TRACKSIDE_MAIL_PASSWORD", "TRACKSIDE_MAIL_FROM", "TRACKSIDE_MAIL_DOMAINS"),
        *("TRACKSIDE_LOG_FORMAT", "TRACKSIDE_OTLP_ENDPOINT"),
        "TRACKSIDE_SPARK_MASTERS",
        "TRACKSIDE_PROJECT_SOURCES",
        *("TRACKSIDE_KUBERNETES_CONFIG", "TRACKSIDE_KUBERNETES_CONTEXT", "TRACKSIDE_KUBERNETES_IMAGE"),
        *("TRACKSIDE_KUBERNETES_SERVER_URL", "TRACKSIDE_KUBERNETES_NAMESPACE"),
        *("TRACKSIDE_RAY_ADDRESS", "TRACKSIDE_RAY_PYTHON", "TRACKSIDE_RAY_SERVER_URL"),
    }


def test_a_switch_is_read_from_the_environment_too() -> None:
    assert load({}, {"TRACKSIDE_ALLOW_UNAUTHENTICATED": "Yes"}).allow_unauthenticated
    assert not load({}, {"TRACKSIDE_ALLOW_UNAUTHENTICATED": "0"}).allow_unauthenticated
    assert refusal({}, {"TRACKSIDE_ALLOW_UNAUTHENTICATED": "maybe"}) == (
        "TRACKSIDE_ALLOW_UNAUTHENTICATED is 'maybe'; it must be true or false"
    )


def test_the_port_that_kubernetes_sets_for_a_service_of_this_name_is_no_setting() -> None:
    assert load({}, {"TRACKSIDE_PORT": "tcp://10.0.0.1:5000"}).port == 5000


def test_variables_of_commands_and_the_client_are_known() -> None:
    assert unknown_variables({"TRACKSIDE_USER": "ann", "TRACKSIDE_WORKSPACE": "north", "TRACKSIDE_TOKEN": "t"}) == []
    assert unknown_variables({"TRACKSIDE_WORKSPACES": "4"}) == [
        "TRACKSIDE_WORKSPACES is not a setting; did you mean TRACKSIDE_WORKSPACE?"
    ]


def test_a_misspelt_variable_is_pointed_out_and_others_are_left_alone() -> None:
    environ = {"TRACKSIDE_PROT": "1", "TRACKSIDE_URL": "x", "TRACKSIDE_WORKSPACE": "y", "TRACKSIDE_PORT_5000_TCP": "z"}

    assert unknown_variables(environ) == ["TRACKSIDE_PROT is not a setting; did you mean TRACKSIDE_PORT?"]
    assert unknown_variables({"PATH": "/bin", "TRACKSIDE_PORT": "1"}) == []


def test_an_s3_server_is_named_by_amazons_variable_or_by_mlflows(subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {}),
        ({"AWS_ENDPOINT_URL": "https://s3.example.org"}, {}),
        ({"AWS_ENDPOINT_URL": "http://minio:9000"}, {"AWS_ALLOW_HTTP": "true"}),
        ({"AWS_ENDPOINT_URL_S3": "http://minio:9000"}, {"AWS_ALLOW_HTTP": "true"}),
        ({"AWS_ENDPOINT_URL": "http://minio:9000", "AWS_ALLOW_HTTP": "false"}, {}),
        ({"MLFLOW_S3_ENDPOINT_URL": "https://ceph"}, {"AWS_ENDPOINT_URL": "https://ceph"}),
        (
            {"MLFLOW_S3_ENDPOINT_URL": "http://minio:9000"},
            {"AWS_ENDPOINT_URL": "http://minio:9000", "AWS_ALLOW_HTTP": "true"},
        ),
        ({"MLFLOW_S3_ENDPOINT_URL": "http://minio:9000", "AWS_ENDPOINT_URL": "https://ceph"}, {}),
    ]
    for before, added in cases:
        with subtests.test(before=before):
            environ = dict(before)

            complete_endpoint(environ)

            assert environ == before | added


def test_an_empty_variable_is_ignored() -> None:
    """Compose passes an unset variable as an empty one."""
    empty = dict.fromkeys((option.variable for option in OPTIONS.values()), "")

    assert load({}, empty) == load({}, {})


# What is refused


def test_a_wrong_value_is_named_with_its_source_and_what_is_right(subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, str], str]] = [
        ({"--port": "65536"}, "--port is '65536'; it must be a number from 0 to 65535; 0 chooses a free port"),
        ({"-p": "http"}, "-p is 'http'; it must be a number from 0 to 65535; 0 chooses a free port"),
        ({"--workers": "0"}, "--workers is '0'; it must be a number from 1 to 256"),
        ({"--durability": "none"}, "--durability is 'none'; it must be full or relaxed"),
        ({"--log-level": "all"}, "--log-level is 'all'; it must be debug, info, warning or error"),
        ({"--host": "http://x"}, "--host is 'http://x'; it must be an address or a host name, without scheme and port"),
        ({"--host": ""}, "--host is ''; it must be an address or a host name, without scheme and port"),
    ]
    for flags, message in cases:
        with subtests.test(flags=flags, message=message):
            assert refusal(flags) == message


def test_the_variable_is_named_when_the_value_came_from_it() -> None:
    assert refusal({}, {"TRACKSIDE_WORKERS": "x"}).startswith("TRACKSIDE_WORKERS is 'x'; ")


def test_several_workers_need_postgresql() -> None:
    postgres = {"--store": "postgresql://me@db/tracks"}

    assert load(postgres | {"-w": "4"}, {}).workers == 4
    assert refusal({"-w": "4"}).startswith("-w is '4', but a SQLite store has one writing process")


def test_the_registry_must_be_in_the_store() -> None:
    store = {"--store": "postgresql://me:pw@db/tracks"}

    assert load(store | {"--registry-store-uri": "postgres://me:pw@db:5432/tracks"}, {}).workers == 1
    assert "models are in the store (postgresql://me@db:5432/tracks)" in refusal(
        store | {"--registry-store-uri": "postgresql://me:pw@db/models"}
    )


def test_an_unsupported_flag_of_mlflow_is_refused_with_the_reason(subtests: pytest.Subtests) -> None:
    for flag in sorted(REFUSED_FLAGS):
        with subtests.test(flag=flag):
            message = refusal({flag: ""})

            assert message.startswith(f"{flag} is a flag of MLflow's server that Trackside does not support: ")
            assert "\n" not in message


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert refusal({"--data": "file"}) == (
        "--data is 'file'; it is a file; it must be a folder, which is created if it is missing"
    )


def test_a_static_prefix_is_a_plain_path(subtests: pytest.Subtests) -> None:
    for prefix in ["mlflow", "/mlflow/", "/a//b", "/a/../b", "/a b", "/ä"]:
        with subtests.test(prefix=prefix):
            assert "it must be a path such as /mlflow" in refusal({"--static-prefix": prefix})


def test_static_prefixes(subtests: pytest.Subtests) -> None:
    cases = [("", ""), ("/", ""), ("/mlflow", "/mlflow"), ("/a/b-c", "/a/b-c")]
    for text, prefix in cases:
        with subtests.test(text=text, prefix=prefix):
            assert load({"--static-prefix": text}, {}).static_prefix == prefix


def test_hosts_and_origins_are_lists() -> None:
    flags = {"--allowed-hosts": "a.example, *.b.example:5000,[::1]", "--cors-allowed-origins": "https://a.example"}

    settings = load(flags, {})

    assert settings.allowed_hosts == ("a.example", "*.b.example:5000", "[::1]")
    assert settings.cors_origins == ("https://a.example",)


def test_an_allowed_host_is_a_name(subtests: pytest.Subtests) -> None:
    for host in ["https://a.example", "a.example/x", "a b", "a@b"]:
        with subtests.test(host=host):
            assert f"{host!r} in it must be a host name or an address" in refusal(
                {"--allowed-hosts": f"ok.example,{host}"}
            )


def test_an_allowed_origin_is_an_origin(subtests: pytest.Subtests) -> None:
    cases = ["a.example", "https://a.example/", "https://a.example/x", "null", "https://"]
    for origin in cases:
        with subtests.test(origin=origin):
            assert f"{origin!r} in it must be an origin" in refusal({"--cors-allowed-origins": origin})


def test_the_name_that_is_listened_on_is_allowed_unless_hosts_are_given() -> None:
    assert "tracks.example" in load({"--host": "tracks.example"}, {}).allowed_hosts
    assert load({"--host": "tracks.example", "--allowed-hosts": "x"}, {}).allowed_hosts == ("x",)


@given(st.dictionaries(st.sampled_from([option.flags[0] for option in OPTIONS.values()]), st.text(max_size=30)))
def test_any_text_gives_settings_or_one_line(flags: dict[str, str]) -> None:
    try:
        load(flags, {})
    except SettingError as refused:
        assert any(flag in str(refused) for flag in flags)  # noqa: PT017  # either outcome is right
        assert len(str(refused).splitlines()) == 1  # noqa: PT017


# Stores


def test_a_sqlite_url_is_relative_with_three_slashes_and_absolute_with_four(tmp_path: Path) -> None:
    assert locations.store("sqlite:///runs/a.db") == SqliteStore(tmp_path / "runs" / "a.db")
    assert locations.store("sqlite:////srv/a b%20.db") == SqliteStore(Path("/srv/a b%20.db"))


def test_postgresql_is_known_by_all_its_names(subtests: pytest.Subtests) -> None:
    cases = ["postgresql", "postgres", "postgresql+psycopg2", "postgresql+asyncpg", "POSTGRESQL"]
    for scheme in cases:
        with subtests.test(scheme=scheme):
            found = locations.store(f"{scheme}://ann:p%40ss%3A%2F@db.example:6543/tr%20acks?sslmode=require")

            assert found == PostgresStore(
                host="db.example", port=6543, user="ann", password="p@ss:/", database="tr acks", sslmode="require"
            )


def test_a_postgresql_url_may_leave_out_host_port_and_password() -> None:
    expected = PostgresStore(host="localhost", port=5432, user="ann", password=None, database="tracks")

    assert locations.store("postgresql://ann@/tracks") == expected
    assert locations.store("postgresql:///tracks?user=ann") == expected
    assert locations.store("postgresql://ann@/tracks?host=/run/pg") == PostgresStore(
        host="/run/pg", user="ann", database="tracks"
    )
    assert locations.store("postgresql://ann@[::1]:1/tracks") == PostgresStore(
        host="::1", port=1, user="ann", database="tracks"
    )


def test_a_password_is_never_shown() -> None:
    url = "postgresql://ann:s3cret@db:5432/tracks"

    assert "s3cret" not in f"{locations.store(url)} {locations.store(url)!r} {[locations.store(url)]}"
    assert "s3cret" not in refusal({"--store": url + "?nonsense=1"})
    assert "s3cret" not in refusal({"--store": "mysql://ann:s3cret@db/tracks"})
    assert "s3cret" not in refusal({"--registry-store-uri": url})


def test_an_invalid_store_is_refused_with_a_remedy(subtests: pytest.Subtests) -> None:
    cases = [
        ("mlruns", "a folder of files (such as mlruns) cannot be the store"),
        ("file:///srv/mlruns", "a folder of files (such as mlruns) cannot be the store"),
        ("sqlite://", "a SQLite file is sqlite:///RELATIVE/FILE"),
        ("sqlite:///", "a database in memory would be lost"),
        ("sqlite:///:memory:", "a database in memory would be lost"),
        ("sqlite:///a.db?mode=ro", "the option 'mode' is not known"),
        ("sqlite:///.", "is a folder; name a file in it"),
        ("mysql://u@h/db", "'mysql' is not a store that Trackside supports"),
        ("mssql+pyodbc://u@h/db", "'mssql' is not a store that Trackside supports"),
        ("postgresql://h/db", "it names no user"),
        ("postgresql://u@h", "it names no database"),
        ("postgresql://u@a,b/db", "it names several hosts"),
        ("postgresql://u@h:x/db", "it is not a valid URL"),
        ("postgresql://u@[::1/db", "it is not a valid URL"),
        ("postgresql://u@h/db?sslmode=yes", "sslmode is 'yes'; it must be one of disable, prefer"),
        ("postgresql://u@h/db?sslrootcert=missing.pem", "sslrootcert names 'missing.pem', which is not a file"),
        ("postgresql://u@h/db?target_session_attrs=any", "the option 'target_session_attrs' is not known"),
    ]
    for url, message in cases:
        with subtests.test(url=url, message=message):
            with pytest.raises(LocationError) as refused:
                locations.store(url)

            assert message in str(refused.value)


@given(st.text(), st.sampled_from(["", "sqlite:///", "postgresql://", "postgresql://u:p@", "file:", "s3://"]))
def test_any_store_text_is_a_store_or_a_refusal(text: str, start: str) -> None:
    for read in (locations.store, locations.artifacts, locations.artifact_root):
        try:
            read(start + text)
        except LocationError as refused:
            assert str(refused)  # noqa: PT017  # either outcome is right


# Artifacts


def test_a_folder_for_artifacts_is_a_path_or_a_file_url(tmp_path: Path) -> None:
    here = ArtifactStore((tmp_path / "a b").as_uri(), tmp_path / "a b")

    assert locations.artifacts("a b") == here
    assert locations.artifacts("./x/../a b") == here
    assert locations.artifacts(f"file://{tmp_path}/a%20b") == here
    assert str(here) == str(tmp_path / "a b")


def test_buckets_are_named_by_url() -> None:
    assert locations.artifacts("s3://bucket/folder/") == ArtifactStore("s3://bucket/folder")
    assert locations.artifacts("gs://bucket") == ArtifactStore("gs://bucket")
    assert locations.artifacts("wasbs://c@acc.blob.core.windows.net/f") == ArtifactStore(
        "abfss://c@acc.dfs.core.windows.net/f"
    )


def test_an_invalid_artifact_location_is_refused(subtests: pytest.Subtests) -> None:
    cases = [
        ("ftp://h/x", "it must be a folder or one of file://, s3://"),
        ("s3:///x", "it names no bucket"),
        ("wasbs://c", "write abfss://CONTAINER@ACCOUNT"),
        ("file://host/x", "it names the host 'host'"),
    ]
    for url, message in cases:
        with subtests.test(url=url, message=message):
            with pytest.raises(LocationError) as refused:
                locations.artifacts(url)

            assert message in str(refused.value)


def test_the_root_that_clients_get_may_be_any_uri(tmp_path: Path) -> None:
    for uri in ("mlflow-artifacts:/", "mlflow-artifacts://host/x", "s3://b/x", "hdfs://h/x", "file:///srv/a%20b/"):
        assert locations.artifact_root(uri) == uri
    assert locations.artifact_root("runs") == str(tmp_path / "runs")
    assert locations.artifact_root("file:runs") == (tmp_path / "runs").as_uri()
    with pytest.raises(LocationError):
        locations.artifact_root("s3:bucket")
