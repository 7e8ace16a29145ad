"""A loaded MLflow model and its evaluation.

Requests of one group are scored together where the model allows that: the flavor scores each row by itself (scikit-learn,
XGBoost, LightGBM), and nothing in it looks at other rows.  If a group fails, or its predictions do not match its rows one to
one, each request is scored alone, so that a bad row never fails its neighbours.
"""

import logging
import os
import threading
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from trackside.scorer import answers, plain_sklearn, tables, without_mlflow
from trackside.scorer.answers import Answer
from trackside.scorer.payloads import RawBody, Request, Rows
from trackside.scorer.tables import Column

log = logging.getLogger("trackside.scorer")

# MLflow's type names, and the numpy types to which MLflow casts them.
_DTYPES = {"double": "float64", "float": "float32", "long": "int64", "integer": "int32", "boolean": "bool"}
_BY_ROW = {"mlflow.sklearn", "mlflow.xgboost", "mlflow.lightgbm"}
# Parts of scikit-learn that call code of the user, which may look at more than one row.
_USER_CODE = {"FunctionTransformer"}


class Model:
    """A model that answers requests.  Not safe for use by two threads at once if the model itself is not.

    `load` loads the model by MLflow, where `pyfunc` was read without it: for requests whose answers MLflow makes."""

    def __init__(self, pyfunc: Any, *, batching: str = "auto", load: Optional[Callable[[], Any]] = None) -> None:
        self._pyfunc = pyfunc
        self._load = load
        self._lock = threading.Lock()
        self._schema = pyfunc.metadata.get_input_schema()
        self.columns = _columns(self._schema)
        self._direct = _direct_predict(pyfunc)
        self.takes_arrays = self._direct is not None and plain_sklearn.takes_arrays(pyfunc, self.columns)
        self.batches = batching == "on" or (batching == "auto" and self._direct is not None and _scores_by_row(pyfunc))
        if self.columns is None:
            self.batches = False
        self._index: Any = None

    @property
    def metadata(self) -> Any:
        return self._pyfunc.metadata

    def complete(self) -> Any:
        """Load the model by MLflow if necessary, and return it.  Raise the error of the loading."""
        if self._load is not None:
            with self._lock:
                if self._load is not None:
                    pyfunc = self._load()
                    self._direct = _direct_predict(pyfunc)
                    self.takes_arrays = self._direct is not None and plain_sklearn.takes_arrays(pyfunc, self.columns)
                    self._pyfunc = pyfunc  # the other copy of the model ends here
                    self._schema = pyfunc.metadata.get_input_schema()
                    self._load = None
        return self._pyfunc

    def input_types(self) -> List[Tuple[str, str, bool]]:
        """Return name, MLflow's type and whether a value is required, for each column of the signature with a simple type."""
        if self._schema is None or self._schema.is_tensor_spec() or not self._schema.has_input_names():
            return []
        return [
            (spec.name, getattr(spec.type, "name", ""), bool(getattr(spec, "required", True)))
            for spec in self._schema.inputs
        ]

    def input_names(self) -> Tuple[Optional[List[str]], List[str]]:
        """Return the required and the optional columns of the signature; None where it names no columns."""
        types = self.input_types()
        if not types:
            return None, []
        return [name for name, _, required in types if required], [name for name, _, required in types if not required]

    def predict_frame(self, frame: Any) -> Any:
        """Return the model's predictions for a frame whose columns have the types of the signature."""
        if self._direct is None or self.columns is None:
            return self.complete().predict(frame)
        return self._direct(frame[[column.name for column in self.columns]])

    def predict_columns(self, columns: Sequence[Any]) -> Any:
        """Return the predictions of a model that `takes_arrays`, for an array of each column of the signature, in its order."""
        import numpy as np

        # In the order of a frame's numbers in memory, on which the last bit of a sum depends.
        values = np.empty((len(columns[0]), len(columns)), columns[0].dtype, order="F")
        for place, column in enumerate(columns):
            values[:, place] = column
        return self._direct(values)

    def evaluate(self, requests: Sequence[Request]) -> List[Answer]:
        """Return an answer for each request, in order.  Raises nothing."""
        if len(requests) > 1 and all(isinstance(request, Rows) for request in requests):
            together = self._together([request for request in requests if isinstance(request, Rows)])
            if together is not None:
                return together
        return [self._alone(request) for request in requests]

    def _together(self, requests: Sequence[Rows]) -> Optional[List[Answer]]:
        values = tables.joined([request.values for request in requests])
        try:
            found = _as_list(self._predict(values))
        except Exception:  # each request is then evaluated alone, to find the failing one
            log.debug("a group of %d requests failed; each is scored alone", len(requests), exc_info=True)
            return None
        if found is None or len(found) != len(values):
            return None
        result = []
        start = 0
        for request in requests:
            end = start + len(request.values)
            result.append(answers.predictions(found[start:end], request.dialect))
            start = end
        return result

    def _alone(self, request: Request) -> Answer:
        if isinstance(request, Rows):
            try:
                found = _as_list(self._predict(request.values))
                if found is not None:
                    return answers.predictions(found, request.dialect)
            except Exception:  # MLflow's parser below has the error message
                log.debug("the direct way failed", exc_info=True)
            request = request.whole()
        return self._by_mlflow(request)

    def _predict(self, values: Any) -> Any:
        if self._direct is None:
            return self.complete().predict(self._frame(values))
        if self.takes_arrays:
            import numpy as np

            # In the order of a frame's numbers in memory, on which the last bit of a sum depends.
            return self._direct(np.asfortranarray(values))
        return self._direct(self._frame(values))

    def _frame(self, values: Any) -> Any:
        import numpy as np
        import pandas as pd

        assert self.columns is not None
        if self._index is None:
            self._index = pd.Index([column.name for column in self.columns])
        if isinstance(values, np.ndarray):
            return pd.DataFrame(values, columns=self._index)
        arrays = {c.name: np.array(v, dtype=c.dtype) for c, v in zip(self.columns, zip(*values))}
        return pd.DataFrame(arrays, columns=self._index)

    def _by_mlflow(self, request: RawBody) -> Answer:
        """Answer as MLflow's own scoring server does, by its own code."""
        model = _Watched(
            self.complete()
        )  # before the imports: two threads that import MLflow at once can block each other
        from mlflow.exceptions import MlflowException
        from mlflow.pyfunc import scoring_server

        try:
            found = scoring_server.invocations(request.body, request.content_type, model, self._schema)
        except MlflowException as fault:
            if model.raised is not None and not model.had_no_rows:
                log.error("the model raised", exc_info=model.raised)
                return answers.model_failed(f"The model raised {type(model.raised).__name__}: {model.raised}")
            return Answer(_status(fault), answers.JSON, fault.serialize_as_json().encode())
        except RecursionError:
            return answers.error(400, "BAD_REQUEST", "The JSON of the request is nested too deeply.")
        except Exception as fault:
            log.exception("a request could not be answered")
            if model.raised is None and not model.predicted:
                return answers.error(400, "BAD_REQUEST", f"The request cannot be read: {fault}")
            return answers.model_failed(f"The predictions of the model cannot be sent: {type(fault).__name__}: {fault}")
        text, status, media = found.response, found.status, found.mimetype
        if status != 200:
            return Answer(status, media, text.encode())
        return answers.of_text(text, request.dialect)


class _Watched:
    """A model for MLflow's scoring code, which records the model's own exception."""

    def __init__(self, pyfunc: Any) -> None:
        self._pyfunc = pyfunc
        self.metadata = pyfunc.metadata
        self.raised: Optional[BaseException] = None
        self.predicted = False
        self.had_no_rows = False  # few models take an empty table: the caller's mistake, not the model's

    def predict(self, data: Any, params: Optional[Dict[str, Any]] = None) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            found = self._pyfunc.predict(data, params=params) if params else self._pyfunc.predict(data)
        except MlflowException:
            raise  # the input breaks the signature
        except Exception as fault:
            self.raised = fault
            self.had_no_rows = hasattr(data, "__len__") and len(data) == 0
            raise
        self.predicted = True
        return found


def loader(path: str) -> str:
    """Return the module of MLflow that loads the model in a local folder; empty for a folder that has none."""
    flavors = without_mlflow.described(path).get("flavors")
    pyfunc = flavors.get("python_function") if isinstance(flavors, dict) else None
    return str(pyfunc.get("loader_module", "")) if isinstance(pyfunc, dict) else ""


def load(path: str, *, batching: str = "auto") -> Model:
    """Load the model in a local folder, without MLflow where its predictions need nothing of it."""
    os.environ["MLFLOW_IS_IN_SERVING_ENVIRONMENT"] = "true"
    os.environ["_MLFLOW_IS_IN_SERVING_ENVIRONMENT"] = "true"

    def by_mlflow() -> Any:
        import mlflow.pyfunc

        return mlflow.pyfunc.load_model(path)

    found = without_mlflow.read(path)
    return Model(by_mlflow(), batching=batching) if found is None else Model(found, batching=batching, load=by_mlflow)


def _columns(schema: Any) -> Optional[Tuple[Column, ...]]:
    """Return the columns of a signature if all of them are required numbers or booleans with a name."""
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return None
    found = []
    for spec in schema.inputs:
        dtype = _DTYPES.get(getattr(spec.type, "name", ""))
        if dtype is None or not getattr(spec, "required", True):
            return None
        found.append(Column(spec.name, dtype))
    return tuple(found) if len({column.name for column in found}) == len(found) else None


def _direct_predict(pyfunc: Any) -> Any:
    """Return the flavor's own predict function where a frame that fits the signature needs no more of MLflow's checks."""
    metadata = pyfunc.metadata
    loader = metadata.flavors.get("python_function", {}).get("loader_module", "")
    function = getattr(pyfunc, "_predict_fn", None)
    has_params = getattr(metadata, "get_params_schema", lambda: None)() is not None
    return function if loader in _BY_ROW and function is not None and not has_params else None


def _scores_by_row(pyfunc: Any) -> bool:
    """Return whether the model scores each row independently of the others."""
    try:
        native = pyfunc.get_raw_model()
    except Exception:  # noqa: BLE001  # an older MLflow, or a flavor without one
        return False
    loader = pyfunc.metadata.flavors["python_function"]["loader_module"]
    return loader != "mlflow.sklearn" or _is_known(native)


def _is_known(estimator: Any) -> bool:
    kind = type(estimator)
    if not kind.__module__.startswith(("sklearn.", "xgboost.", "lightgbm.")) or kind.__name__ in _USER_CODE:
        return False
    steps = getattr(estimator, "steps", None) or getattr(estimator, "transformers", None) or ()
    parts = [part[1] for part in steps]
    inner = getattr(estimator, "estimator", None)
    parts += [inner] if inner is not None else []
    return all(part in ("drop", "passthrough", None) or isinstance(part, str) or _is_known(part) for part in parts)


def _as_list(found: Any) -> Optional[List[Any]]:
    """Return predictions as MLflow encodes them, or None for values that need its encoder."""
    import numpy as np
    import pandas as pd

    if isinstance(found, np.ndarray):
        if found.dtype.kind not in "fiub" or found.ndim == 0:
            return None if found.dtype.kind != "U" else found.tolist()
        values: List[Any] = found.tolist()
        return values
    if isinstance(found, pd.DataFrame) and all(dtype.kind in "fiub" for dtype in found.dtypes):
        records: List[Any] = found.to_dict(orient="records")
        return records
    return None


def _status(fault: Any) -> int:
    status: int = fault.get_http_status_code()
    return status
