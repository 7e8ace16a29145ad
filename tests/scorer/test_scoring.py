"""What the scorer does beyond MLflow's server: Azure's dialects, batches, limits, and models that misbehave."""

import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scorer.conftest import COLUMNS, Scoring, save

ROWS = [[0.1, 1.0, 2.0], [1.5, -2.25, 0.5]]
SPLIT = {"columns": COLUMNS, "data": ROWS}
JSON = {"content-type": "application/json"}

MISBEHAVING = '''
import os, time
import mlflow

class Misbehaving(mlflow.pyfunc.PythonModel):
    """Does what the column `do` of the first row says."""

    def predict(self, context, model_input, params=None):
        what = model_input["do"].iloc[0]
        if what == "raise":
            raise KeyError("a bug of the model")
        if what == "exit":
            raise SystemExit(3)
        if what == "hang":
            time.sleep(600)
        if what == "nan":
            return [float("nan"), float("inf"), 1.0]
        if what == "odd":
            return object()
        if what == "look":
            try:
                import trackside.core
            except ImportError:
                return ["hidden"]
            return [trackside.core.__file__]
        return [what] * len(model_input)

mlflow.models.set_model(Misbehaving())
'''


@pytest.fixture(scope="module")
def misbehaving(serve_model: Callable[..., Scoring], tmp_path_factory: pytest.TempPathFactory) -> Scoring:
    import mlflow

    folder = tmp_path_factory.mktemp("misbehaving")
    (folder / "code.py").write_text(MISBEHAVING, "utf-8")
    mlflow.pyfunc.save_model(folder / "model", python_model=str(folder / "code.py"), pip_requirements=[])
    return serve_model(folder / "model", "--timeout-s", "3", "--max-body-mb", "1", "--threads", "2")


def do(scoring: Scoring, what: str) -> Any:
    return scoring.score({"dataframe_split": {"columns": ["do"], "data": [[what]]}})


@pytest.mark.parametrize("path", ["/score", "/invocations"])
@pytest.mark.parametrize(
    "document", [SPLIT, {**SPLIT, "index": [0, 1]}, {"input_data": SPLIT}], ids=["raw", "index", "input_data"]
)
def test_azures_dialects_are_answered_with_bare_predictions(
    regression_scorer: Scoring, path: str, document: dict[str, Any]
) -> None:
    wrapped = regression_scorer.score({"dataframe_split": SPLIT})

    bare = regression_scorer.score(document, path)

    assert bare.status == 200
    assert bare.json == wrapped.json["predictions"]


def test_concurrent_callers_get_the_same_answers_as_single_ones(regression_scorer: Scoring) -> None:
    def rows_of(n: int) -> list[list[float]]:
        return [[n / 7, 1.0 - n, i / 3] for i in range(1 + n % 4)]

    alone = {
        n: regression_scorer.score({"dataframe_split": {"columns": COLUMNS, "data": rows_of(n)}}).body
        for n in range(40)
    }
    together: dict[int, bytes] = {}

    def ask(n: int) -> None:
        together[n] = regression_scorer.score({"dataframe_split": {"columns": COLUMNS, "data": rows_of(n)}}).body

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Linear algebra on more rows may round the last bit otherwise.
    assert {n: json.loads(body)["predictions"] for n, body in together.items()} == {
        n: pytest.approx(json.loads(body)["predictions"], rel=1e-12) for n, body in alone.items()
    }
    assert regression_scorer.call("GET", "/stats").json["batches"]


def test_a_row_that_the_model_refuses_fails_no_other_request(regression_scorer: Scoring) -> None:
    """Queued requests are scored in one call, which fails for all rows if one has NaN."""
    good = regression_scorer.score({"dataframe_split": {"columns": COLUMNS, "data": ROWS}}).body
    answers: dict[int, tuple[int, bytes]] = {}

    def ask(n: int) -> None:
        rows = [[float("nan"), 1.0, 2.0]] if n % 5 == 0 else ROWS
        reply = regression_scorer.score({"dataframe_split": {"columns": COLUMNS, "data": rows}})
        answers[n] = reply.status, reply.body

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answers[n][0] for n in range(0, 40, 5)} == {424}
    expected = pytest.approx(json.loads(good)["predictions"], rel=1e-12)
    assert all(answers[n][0] == 200 for n in range(40) if n % 5)
    assert all(json.loads(answers[n][1])["predictions"] == expected for n in range(40) if n % 5)


@pytest.mark.slow
def test_a_full_queue_answers_when_to_retry_and_its_requests_are_answered(
    serve_model: Callable[..., Scoring], tmp_path: Path
) -> None:
    import mlflow

    (tmp_path / "code.py").write_text(MISBEHAVING, "utf-8")
    mlflow.pyfunc.save_model(tmp_path / "model", python_model=str(tmp_path / "code.py"), pip_requirements=[])
    scoring = serve_model(tmp_path / "model", "--threads", "1", "--max-queue", "2", "--timeout-s", "20")
    statuses: list[int] = []
    waiting = [threading.Thread(target=lambda: statuses.append(do(scoring, "hang").status)) for _ in range(3)]
    for thread in waiting:
        thread.start()
    while scoring.call("GET", "/stats").json["queued"] < 2:
        pass

    refused = do(scoring, "fine")
    for thread in waiting:
        thread.join()

    assert (refused.status, refused.headers["retry-after"], refused.json["error_code"]) == (
        503,
        "1",
        "TEMPORARILY_UNAVAILABLE",
    )
    assert statuses == [504] * 3


@pytest.mark.slow
def test_a_model_with_code_of_its_own_is_not_batched(serve_model: Callable[..., Scoring], tmp_path: Path) -> None:
    """A transformer that uses the whole table returns different values if tables are joined."""
    import pandas as pd
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    frame = pd.DataFrame([[0.0, 1.0, 2.0], [3.0, 1.0, 5.0]], columns=COLUMNS)
    plain = make_pipeline(StandardScaler(), LinearRegression()).fit(frame, [0.0, 1.0])
    custom = make_pipeline(FunctionTransformer(), LinearRegression()).fit(frame, [0.0, 1.0])

    is_batched = [
        serve_model(save(tmp_path / name, model)).call("GET", "/stats").json["batches"]
        for name, model in (("plain", plain), ("custom", custom))
    ]

    assert is_batched == [True, False]


def test_an_error_of_the_model_is_424_in_mlflows_shape(misbehaving: Scoring) -> None:
    failed = do(misbehaving, "raise")

    assert failed.status == 424
    assert failed.json == {"error_code": "BAD_REQUEST", "message": "The model raised KeyError: 'a bug of the model'"}
    assert failed.headers["ms-azureml-model-error-reason"] == "model_error"


def test_a_model_that_exits_is_answered_with_an_error_and_the_scorer_continues(misbehaving: Scoring) -> None:
    assert do(misbehaving, "exit").status == 424
    assert do(misbehaving, "fine").json == {"predictions": ["fine"]}


def test_nan_and_infinities_are_null(misbehaving: Scoring) -> None:
    assert do(misbehaving, "nan").json == {"predictions": [None, None, 1.0]}


def test_predictions_that_are_not_json_are_reported(misbehaving: Scoring) -> None:
    odd = do(misbehaving, "odd")

    assert odd.status == 424
    assert "cannot be sent" in odd.json["message"]


def test_a_model_that_hangs_is_a_504_and_others_are_answered(misbehaving: Scoring) -> None:
    hanging = do(misbehaving, "hang")

    assert hanging.status == 504
    assert "within 3 s" in hanging.json["message"]
    assert do(misbehaving, "fine").status == 200
    assert misbehaving.call("GET", "/stats").json["stuck_s"] > 2


def test_a_body_beyond_the_limit_is_413(misbehaving: Scoring) -> None:
    large = misbehaving.call("POST", "/score", b" " * (2 << 20), JSON)

    assert (large.status, large.json["error_code"]) == (413, "REQUEST_LIMIT_EXCEEDED")


def test_deep_json_is_the_callers_mistake(misbehaving: Scoring) -> None:
    assert misbehaving.call("POST", "/score", b"[" * 100_000, JSON).status == 400


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/score", 405), ("POST", "/ping", 405), ("GET", "/x", 404)]
)
def test_other_paths_and_methods_say_what_is_served(
    regression_scorer: Scoring, method: str, path: str, status: int
) -> None:
    refused = regression_scorer.call(method, path)

    assert (refused.status, "serve" in refused.json["message"]) == (status, True)


def test_the_documents_name_the_columns_of_the_signature(regression_scorer: Scoring) -> None:
    openapi = regression_scorer.call("GET", "/openapi.json").json
    swagger = regression_scorer.call("GET", "/swagger.json").json

    formats = openapi["paths"]["/score"]["post"]["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    assert set(formats[1]["properties"]["dataframe_records"]["items"]["properties"]) == set(COLUMNS)
    assert swagger["paths"]["/score"]["post"]["operationId"] == "RunMLService"
    assert regression_scorer.score(swagger["definitions"]["ServiceInput"]["example"]).status == 200


@pytest.mark.slow
def test_the_answer_in_progress_is_sent_after_sigterm(serve_model: Callable[..., Scoring], regression: Path) -> None:
    scoring = serve_model(regression)
    body = json.dumps({"dataframe_split": {"columns": COLUMNS, "data": [[1.0, 2.0, 3.0]] * 5000}}).encode()
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(scoring.call("POST", "/score", body, JSON).status))
    asking.start()
    while not scoring.call("GET", "/stats").json["groups"]:
        pass

    scoring.process.send_signal(signal.SIGTERM)
    asking.join()

    assert (answers, scoring.process.wait()) == ([200], 0)


def test_a_model_sees_no_package_of_the_server(misbehaving: Scoring) -> None:
    assert do(misbehaving, "look").json == {"predictions": ["hidden"]}
