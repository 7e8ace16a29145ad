"""Allowed sources of a version's files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackside.core.errors import Invalid
from trackside.registry.files import sources
from trackside.registry.files.sources import ModelUri, Owner

RUN = Owner("run_id", "r1", "mlflow-artifacts:/0/r1/artifacts")
MODEL = Owner("model_id", "m-1", "mlflow-artifacts:/0/models/m-1/artifacts")
LOCAL = Owner("run_id", "r1", "file:///data/0/r1/artifacts")
HTTP = Owner("run_id", "r1", "https://host/api/2.0/mlflow-artifacts/artifacts/0/r1/artifacts")
NOBODY = Owner("run_id", "", None)


def test_allowed_sources(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, Owner]] = [
        ("s3://bucket/a/b", NOBODY),
        ("s3://bucket//a/b/", NOBODY),
        ("gs://bucket/a b", NOBODY),
        ("abfss://c@a.dfs.core.windows.net/x", NOBODY),
        ("dbfs:/x/y", NOBODY),
        ("runs:/r1/model", RUN),
        ("mlflow-artifacts:/0/r1/artifacts", RUN),
        ("mlflow-artifacts:/0/r1/artifacts/model", RUN),
        ("mlflow-artifacts:/0/models/m-1/artifacts/x", MODEL),
        ("models:/m-1", MODEL),
        ("file:///data/0/r1/artifacts/model", LOCAL),
        ("file:///data/0/r1/artifacts", LOCAL),
        ("file:///data/0/r1/artifacts/.", LOCAL),
        ("/data/0/r1/artifacts/model/../other", LOCAL),
        ("/data/0/r1/artifacts/model/", LOCAL),
        ("file://localhost/data/0/r1/artifacts/model", LOCAL),
        ("https://host/api/2.0/mlflow-artifacts/artifacts/0/r1/artifacts/model", HTTP),
    ]
    for source, owner in cases:
        with subtests.test(source=source, owner=owner):
            sources.check(source, owner)


def test_refused_sources(subtests: pytest.Subtests) -> None:
    texts = [
        "/etc/passwd",
        "etc/passwd",
        "../../etc",
        "file:///etc",
        "file:/etc",
        "file://host/data/0/r1/artifacts/x",
        "file:///data/0/r1/artifacts/../../r2/artifacts",
        "file:///data/0/r1/artifacts/%2e%2e/%2e%2e/r2",
        "/data/0/r1/artifacts/../x",
        "/data/0/r1/artifacts/./..",
        "/data/0/r1/artifacts/..",
        "//data/0/r1/artifacts/x",
        "/data/0/r1/artifacts/\0/..",
        "/data/0/r1/artifactsx",
        "runs:/r2/model",
        "runs:/r1",
        "runs://host/r1/model",
        "models:/m-2",
        "models://host/m-1",
        "mlflow-artifacts:/0/r2/artifacts",
        "mlflow-artifacts:/0/r1/artifactsx",
        "mlflow-artifacts:/0/r1/artifacts/../../r2/artifacts",
        "mlflow-artifacts:/0/r1/artifacts/%2e%2e/%2e%2e/r2",
        "mlflow-artifacts:/0/r1/artifacts/%252e%252e/x",
        "mlflow-artifacts://evil/0/r1/artifacts",
        "http://evil/x",
        "https://evil/api/2.0/mlflow-artifacts/artifacts/0/r1/artifacts",
        "https://host/api/2.0/mlflow-artifacts/artifacts/0/r2/artifacts",
        "s3://bucket/../x",
        "s3://bucket/a/./b",
        "s3://bucket/a%00",
        "s3://bucket/%252e%252e/x",
        "s3://bucket/a\nb",
        "s3://bu\\cket/a",
        "s3://[/a",
        "s3://bucket",
    ]
    for source in texts:
        for owner in [NOBODY, RUN, MODEL, LOCAL, HTTP]:
            with subtests.test(source=source, owner=owner), pytest.raises(Invalid):
                sources.check(source, owner)


@given(
    st.lists(st.sampled_from(["..", "%2e%2e", "%252E.", ".%2e", "a", "%2f", "//", "%5c", "\\", "."]), max_size=6).map(
        "/".join
    )
)
def test_no_notation_of_a_path_leaves_a_run(path: str) -> None:
    """An accepted path is inside the run, also after another decoding."""
    source = f"mlflow-artifacts:/0/r1/artifacts/{path}"
    try:
        sources.check(source, RUN)
    except Invalid:
        return

    place = sources.place(source)

    assert place is None or f"{place}/".startswith("mlflow-artifacts:/0/r1/artifacts/")


def test_the_target_of_a_models_uri(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, ModelUri | None]] = [
        ("models:/iris/3", ModelUri(name="iris", version="3")),
        ("models:/iris/Production", ModelUri(name="iris", stage="Production")),
        ("models:/iris/latest", ModelUri(name="iris")),
        ("models:/iris/LATEST", ModelUri(name="iris")),
        ("models:/iris@best", ModelUri(name="iris", alias="best")),
        ("models:/m-1", ModelUri(model_id="m-1")),
        ("runs:/r1/model", None),
        ("s3://bucket/models:/x", None),
    ]
    for source, meant in cases:
        with subtests.test(source=source, meant=meant):
            assert sources.model_uri(source) == meant


def test_invalid_models_uris(subtests: pytest.Subtests) -> None:
    cases = ["models:/", "models:", "models:/a/b/c", "models:/a/", "models://h/a/1", "models:/@b"]
    for source in cases:
        with subtests.test(source=source), pytest.raises(Invalid):
            sources.model_uri(source)


@pytest.mark.parametrize(
    ("uris", "place"),
    [
        (
            [
                "mlflow-artifacts:/0/r1/artifacts/model",
                "mlflow-artifacts:/0//r1/artifacts/model/",
                "mlflow-artifacts://host/0/r1/artifacts/model",
                "http://host/api/2.0/mlflow-artifacts/artifacts/0/r1/artifacts/model",
            ],
            "mlflow-artifacts:/0/r1/artifacts/model",
        ),
        (["/a/b c", "file:///a/b%20c", "file:/a//b c/", "file://localhost/a/b%20c"], "file:///a/b%20c"),
        (["s3://bucket/a/b", "s3://bucket//a/b/"], "s3://bucket/a/b"),
    ],
)
def test_a_location_has_one_canonical_form(uris: list[str], place: str) -> None:
    assert {sources.place(uri) for uri in uris} == {place}


def test_uris_without_a_location(subtests: pytest.Subtests) -> None:
    cases = ["runs:/r/x", "models:/m/1", "relative/x", "file://host/x", "s3://b/" + "x" * 3000]
    for uri in cases:
        with subtests.test(uri=uri):
            assert sources.place(uri) is None


@pytest.mark.parametrize(
    ("place", "above"),
    [
        ("mlflow-artifacts:/0/r/artifacts", ["mlflow-artifacts:/0/r", "mlflow-artifacts:/0"]),
        ("s3://bucket/a/b", ["s3://bucket/a", "s3://bucket"]),
        ("file:///a/b", ["file:///a", "file://"]),
    ],
)
def test_the_places_above(place: str, above: list[str]) -> None:
    assert sources.above(place) == above


def test_the_target_of_a_runs_uri(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, tuple[str, str] | None]] = [
        ("runs:/r1/model", ("r1", "model")),
        ("runs:/r1//X/modelX/", ("r1", "X/modelX")),
        ("runs:r1/m", ("r1", "m")),
        ("s3://bucket/runs:/x", None),
        ("mlflow-artifacts:/0/r1/artifacts", None),
    ]
    for source, meant in cases:
        with subtests.test(source=source, meant=meant):
            assert sources.run_path(source) == meant


def test_invalid_runs_uris(subtests: pytest.Subtests) -> None:
    cases = ["runs:/", "runs:/r1", "runs:/r1/", "runs:/r1//", "runs://host/r1/m", "runs://r1/m"]
    for source in cases:
        with (
            subtests.test(source=source),
            pytest.raises(
                Invalid, match=f"^Not a proper runs:/ URI: {source}. Runs URIs must be of the form 'runs:/<run_id>/"
            ),
        ):
            sources.run_path(source)


def test_a_local_path_is_returned_without_dots(subtests: pytest.Subtests) -> None:
    cases = [
        ("/a/b", "/a/b"),
        ("/a/b/", "/a/b/"),
        ("/a/./b", "/a/b"),
        ("/a/x/../b/", "/a/b"),
        ("//a/b", "//a/b"),
        ("file:///a/x/../b%20c", "file:///a/b%20c"),
        ("file:///a/b%20c/", "file:///a/b%20c/"),
        ("/a/b%20c/../d%20e", "/a/d%20e"),
        ("s3://bucket/a/../b", "s3://bucket/a/../b"),
    ]
    for source, told in cases:
        with subtests.test(source=source, told=told):
            assert sources.without_dots(source) == told


def test_a_place_is_within_another(subtests: pytest.Subtests) -> None:
    cases = [
        ("S3://Bucket/a/b", "s3://bucket/a", True),
        ("s3://bucket/a", "S3://BUCKET/a/", True),
        ("s3://bucket/ab", "s3://bucket/a", False),
        ("gs://bucket/a/b", "s3://bucket/a", False),
        ("s3://other/a/b", "s3://bucket/a", False),
        ("s3://bucket/A/b", "s3://bucket/a", False),
        ("s3://bucket/a%2Fb", "s3://bucket/a", False),
        ("s3://bucket/%61/b", "s3://bucket/a", True),
        ("s3://bucket/a", "s3://bucket/", False),
    ]
    for source, root, is_within in cases:
        with subtests.test(source=source, root=root, is_within=is_within):
            assert sources.is_within(source, root) is is_within
