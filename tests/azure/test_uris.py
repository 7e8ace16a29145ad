"""Artifact URIs in the forms of other clients: each names one key, and every key has one."""

import json
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from trackside.azure import uris

BASE = "localhost:5000/mlflow/v2.0/subscriptions/S/resourceGroups/R/providers/Microsoft.MachineLearningServices/workspaces/W"
RUN = "0123456789abcdef0123456789abcdef"
SEGMENTS = st.text(st.characters(exclude_characters='/\\"?#', exclude_categories=("Cs", "Cc")), min_size=1).filter(
    lambda text: text not in (".", "..")
)
KEYS = st.one_of(
    st.lists(SEGMENTS, min_size=1, max_size=5).map("/".join),
    st.builds(
        lambda exp, path: f"{exp}/{RUN}/artifacts{path}", st.integers(0, 99), st.sampled_from(["", "/a", "/a/b c"])
    ),
    st.builds(
        lambda exp, path: f"{exp}/models/m-{RUN}/artifacts{path}", st.integers(0, 99), st.sampled_from(["", "/M"])
    ),
    st.sampled_from([f"workspaces/other/1/{RUN}/artifacts/x", "azureml-uploads/LocalUpload/c/model"]),
)
FOLDERS = st.sampled_from(["", "team"])


def test_files_of_runs_and_models_are_named_by_their_run() -> None:
    say = uris.in_azure(BASE, "")

    assert say(f"7/{RUN}/artifacts/model") == f"azureml://{BASE}/experiments/7/runs/{RUN}/artifacts/model"
    assert say(f"7/models/m-{RUN}/artifacts") == f"azureml://{BASE}/experiments/7/runs/m-{RUN}/artifacts"
    assert uris.in_dbfs("")(f"7/{RUN}/artifacts") == f"dbfs:/databricks/mlflow-tracking/7/{RUN}/artifacts"
    assert (
        uris.in_dbfs("")(f"7/models/m-{RUN}/artifacts")
        == f"dbfs:/databricks/mlflow-tracking/7/logged_models/m-{RUN}/artifacts"
    )


def test_the_folder_of_the_workspace_is_left_out_and_comes_back() -> None:
    key = f"workspaces/team/7/{RUN}/artifacts/a"
    uri = uris.in_azure(BASE, "team")(key)

    assert uri == f"azureml://{BASE}/experiments/7/runs/{RUN}/artifacts/a"
    assert uris.azure_key(uri, "team") == key


@given(KEYS, FOLDERS)
def test_a_key_rewritten_for_azure_or_databricks_is_recovered(key: str, folder: str) -> None:
    for say, key_of in ((uris.in_azure(BASE, folder), uris.azure_key), (uris.in_dbfs(folder), uris.dbfs_key)):
        heard = key_of(say(key), folder)
        assert heard is not None
        above = f"workspaces/{folder}/" if folder else ""
        assert heard.removeprefix(above) == key.removeprefix(above)


def test_only_uris_are_rewritten_and_no_text_of_a_user() -> None:
    text = '"artifact_uri":"mlflow-artifacts:/1/x/artifacts"'
    told = {"run": {"artifact_uri": f"mlflow-artifacts:/1/{RUN}/artifacts", "note": text, "source": "s3://bucket/key"}}
    body = json.dumps(told, separators=(",", ":")).encode()

    heard = json.loads(uris.translated(body, uris.in_dbfs("")))

    assert heard["run"]["artifact_uri"] == f"dbfs:/databricks/mlflow-tracking/1/{RUN}/artifacts"
    assert heard["run"]["note"] == text
    assert heard["run"]["source"] == "s3://bucket/key"
    assert uris.from_dbfs(json.dumps(heard).encode(), "") == json.dumps(told).encode()


def test_uris_of_other_servers_stay_unchanged() -> None:
    body = b'{"source":"azureml://registries/r/models/m/versions/1","other":"dbfs:/Volumes/a"}'

    assert uris.from_azure(body, "") == body
    assert uris.from_dbfs(body, "") == body
    assert partial(uris.azure_key, folder="")("azureml://x/experiments/1/runs/") is None
