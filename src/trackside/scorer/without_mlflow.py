"""Read a scikit-learn model in MLflow's format without importing MLflow, which takes as long as all other imports together.

Only models whose predictions need nothing of MLflow are read: a pickle with a signature of required numbers and booleans,
without parameters, configuration or code of its own.  For any other model `read` returns None, and MLflow loads it.  The format:
https://mlflow.org/docs/latest/ml/model/ (the file `MLmodel`, and the flavors `python_function` and `sklearn`).
"""

import json
import os
import pickle
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

MAX_BYTES = 32 << 20  # of a pickle: a larger one takes longer than the import, and MLflow would read it a second time
_NUMBERS = {"double", "float", "long", "integer", "boolean"}
_SIMPLE = {*_NUMBERS, "string", "binary", "datetime"}
_PREDICT = ("predict", "predict_proba", "predict_log_proba")
_FLAVOR = "mlflow.sklearn"


class Type(NamedTuple):
    name: str


class Column(NamedTuple):
    """A column of a signature.  `name` is None where the signature has none."""

    name: Optional[str]
    type: Type
    required: bool


class Schema:
    """Inputs or outputs of a signature, with the methods of MLflow's class of this name that the scorer uses."""

    def __init__(self, document: List[Dict[str, Any]]) -> None:
        self._is_tensor = any(each["type"] == "tensor" for each in document)
        self._document = document
        self.inputs = [
            Column(each.get("name"), Type(each["type"]), bool(each.get("required", True))) for each in document
        ]

    def is_tensor_spec(self) -> bool:
        return self._is_tensor

    def has_input_names(self) -> bool:
        return bool(self.inputs) and self.inputs[0].name is not None

    def input_names(self) -> List[Any]:
        return [column.name if column.name is not None else place for place, column in enumerate(self.inputs)]

    def to_dict(self) -> List[Dict[str, Any]]:
        return (
            self._document
            if self._is_tensor
            else [{**each, "required": each.get("required", True)} for each in self._document]
        )


class Signature(NamedTuple):
    inputs: Schema
    outputs: Optional[Schema]


class Metadata(NamedTuple):
    """The content of the file `MLmodel`, with the names of MLflow's `Model`."""

    signature: Signature
    flavors: Dict[str, Any]
    model_uuid: Optional[str]
    model_id: Optional[str]

    def get_input_schema(self) -> Schema:
        return self.signature.inputs

    def get_output_schema(self) -> Optional[Schema]:
        return self.signature.outputs

    def get_params_schema(self) -> None:
        return None


class SklearnModel:
    """A model of scikit-learn, with the parts of MLflow's `PyFuncModel` that the scorer uses."""

    def __init__(self, metadata: Metadata, estimator: Any, predict: str) -> None:
        self.metadata = metadata
        self._estimator = estimator
        self._predict_fn = getattr(estimator, predict)

    def get_raw_model(self) -> Any:
        return self._estimator

    def predict(self, data: Any) -> Any:
        return self._predict_fn(data)


def described(folder: str) -> Dict[str, Any]:
    """Return the content of the file `MLmodel` of a local folder; an empty dictionary if it cannot be read."""
    try:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found = yaml.load((Path(folder) / "MLmodel").read_bytes(), Loader=loader)  # noqa: S506  # a safe loader
    except Exception:  # noqa: BLE001  # MLflow reports the reason
        return {}
    return found if isinstance(found, dict) else {}


def read(folder: str) -> Optional[SklearnModel]:
    """Return the model in a local folder, or None where MLflow has to load it.  What unpickling raises, it raises."""
    document = described(folder)
    flavors = document.get("flavors")
    flavors = flavors if isinstance(flavors, dict) else {}
    pyfunc, flavor = flavors.get("python_function"), flavors.get("sklearn")
    signature = _signature(document.get("signature"))
    if not isinstance(pyfunc, dict) or not isinstance(flavor, dict) or signature is None:
        return None
    predict = pyfunc.get("predict_fn", "predict")
    needs_mlflow = (
        pyfunc.get("loader_module") != _FLAVOR
        or pyfunc.get("code")
        or flavor.get("code")
        or pyfunc.get("config")
        or pyfunc.get("data")
        or document.get("metadata")
        or predict not in _PREDICT
    )
    file = Path(folder) / str(pyfunc.get("model_path", ""))
    is_inside = file.resolve().is_relative_to(Path(folder).resolve())
    if needs_mlflow or not _may_unpickle() or not is_inside or not file.is_file() or file.stat().st_size > MAX_BYTES:
        return None
    estimator = _unpickled(file, flavor.get("serialization_format", "pickle"))
    if not hasattr(estimator, predict):
        return None
    model_uuid, model_id = document.get("model_uuid"), document.get("model_id")
    return SklearnModel(Metadata(signature, flavors, model_uuid, model_id), estimator, predict)


def _may_unpickle() -> bool:
    """Leave it to MLflow to refuse where its variable forbids pickles."""
    return os.environ.get("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true").lower() in ("true", "1")


def _unpickled(file: Path, kind: str) -> Any:
    if kind not in ("pickle", "cloudpickle"):
        return None
    with file.open("rb") as stream:
        if kind == "pickle":
            return pickle.load(stream)  # noqa: S301  # MLflow does the same
        import cloudpickle  # type: ignore[import-untyped]

        return cloudpickle.load(stream)


def _signature(document: Any) -> Optional[Signature]:
    """Return a signature of required numbers and booleans with distinct names; None for any other."""
    if not isinstance(document, dict) or document.get("params"):
        return None
    try:
        inputs = json.loads(document["inputs"])
        outputs = json.loads(document["outputs"]) if document.get("outputs") else None
        names = [each["name"] for each in inputs]
        is_plain = all(each["type"] in _NUMBERS and each.get("required", True) for each in inputs)
        is_known = all(each["type"] in _SIMPLE or each["type"] == "tensor" for each in outputs or [])
    except (KeyError, TypeError, ValueError):
        return None
    if not names or not is_plain or not is_known or len(set(names)) < len(names) or not all(names):
        return None
    return Signature(Schema(inputs), Schema(outputs) if outputs else None)
