"""Online endpoints by the deployment client of Microsoft's plug-in: create, score, split, update and delete."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
from azure.core.exceptions import HttpResponseError  # type: ignore[import-not-found]  # in the environment of the test alone
from mlflow.deployments import get_deploy_client
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

uri = sys.argv[1]
mlflow.set_tracking_uri(uri)
mlflow.set_registry_uri(uri)
mlflow.set_experiment("endpoints")
folder = Path(tempfile.mkdtemp())
ROWS = np.array([[1.0, 2.0], [3.0, 4.0]])


def logged(factor: float) -> str:
    """The URI of a model that answers `factor * (a + b)`."""
    model = LinearRegression().fit([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0.0, factor, factor])
    about: dict[str, Any] = {"pip_requirements": ["scikit-learn"], "serialization_format": "cloudpickle"}
    with mlflow.start_run() as run:
        signature = infer_signature(ROWS, model.predict(ROWS))
        mlflow.sklearn.log_model(model, artifact_path="model", signature=signature, **about)
    return f"runs:/{run.info.run_id}/model"


def config(kind: str, **fields: Any) -> dict[str, str]:
    file = folder / f"{len(list(folder.iterdir()))}.json"
    file.write_text(json.dumps(fields))
    return {f"{kind}-config-file": str(file)}


def deployment(**more: Any) -> dict[str, str]:
    return config("deploy", instance_type="Standard_DS3_v2", properties={"trackside.env": "local"}, **more)


def scored(**where: str) -> list[float]:
    found: Any = client.predict(df=ROWS, **where)
    return [round(each, 6) for each in found.ravel().tolist()]


single, double = logged(1.0), logged(2.0)
mlflow.register_model(single, "sum")
mlflow.register_model(double, "sum")
client: Any = get_deploy_client(uri)

# A deployment with an endpoint of its own; a run's model is registered by the client.
made = client.create_deployment("alone", single, config=deployment(instance_count=1))
assert (made["name"], made["flavor"]) == ("alone", "python_function"), made
assert made["properties"]["provisioningState"] == "Succeeded", made
assert client.get_endpoint("alone")["properties"]["traffic"] == {"alone": 100}
assert scored(deployment_name="alone") == [3.0, 7.0]

# An endpoint with two deployments.
made = client.create_endpoint("shared", config("endpoint", auth_mode="key", description="d", tags={"team": "a"}))
assert (made["name"], made["tags"], made["properties"]["authMode"]) == ("shared", {"team": "a"}, "Key"), made
client.create_deployment("blue", "models:/sum/1", config=deployment(), endpoint="shared")
client.create_deployment("green", "models:/sum/2", config=deployment(), endpoint="shared")
told = client.update_endpoint("shared", config("endpoint", traffic={"blue": 100, "green": 0}))
assert told["properties"]["traffic"] == {"blue": 100}, told
assert scored(endpoint="shared") == [3.0, 7.0]
assert scored(endpoint="shared", deployment_name="green") == [6.0, 14.0]
client.update_endpoint("shared", config("endpoint", traffic={"blue": 0, "green": 100}))
assert scored(endpoint="shared") == [6.0, 14.0]
client.update_deployment("blue", "models:/sum/2", config=deployment(), endpoint="shared")
assert client.get_deployment("blue", "shared")["properties"]["model"].endswith("/models/sum/versions/2")
assert scored(endpoint="shared", deployment_name="blue") == [6.0, 14.0]

assert sorted(each["name"] for each in client.list_endpoints()) == ["alone", "shared"]
assert sorted(each["name"] for each in client.list_deployments("shared")) == ["blue", "green"]
assert sorted(each["name"] for each in client.list_deployments()) == ["alone", "blue", "green"]


def refusal(call: Any) -> str:
    try:
        call()
    except (MlflowException, HttpResponseError) as error:
        return f"{error} {error.__cause__}"
    raise AssertionError("the call was not refused")


# What is not there, and what is not served.
assert "No deployment with name nobody" in refusal(lambda: client.get_deployment("nobody"))
missing = deployment()
assert "version=9" in refusal(lambda: client.create_deployment("x", "models:/sum/9", config=missing, endpoint="shared"))
assert "must have 1 to 32" in refusal(lambda: client.create_endpoint("a_b"))
broken = deployment(environment_variables={"A": "b"})
assert "environmentVariables" in refusal(
    lambda: client.create_deployment("x", "models:/sum/1", config=broken, endpoint="shared")
)
assert "deploy-config-file" in refusal(lambda: client.create_deployment("aci", "models:/sum/1"))
assert "No deployment with name nobody" in refusal(lambda: client.update_deployment("nobody", "models:/sum/1"))
client.delete_deployment("nobody")

client.delete_deployment("blue", endpoint="shared")
assert [each["name"] for each in client.list_deployments("shared")] == ["green"]
client.delete_deployment("alone", delete_empty_endpoint=True)
client.delete_endpoint("shared")
client.delete_endpoint("shared")
assert client.list_endpoints() == []
print("\ndone")  # the client prints dots while it waits
