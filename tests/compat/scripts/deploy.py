"""Deploys the model in a folder by MLflow's deployment client, and by `mlflow.azureml.deploy`; prints what the services answer.

deploy.py SERVER MODEL
"""

import json
import sys

from mlflow.deployments import get_deploy_client

from trackside_mlflow import Workspace
from trackside_mlflow.azureml import install_as_azureml

server, model = sys.argv[1:]
rows = [{"a": 1.0, "b": 2.0}]

client = get_deploy_client(f"{server.replace('http', 'trackside')}/default")
client.create_deployment("adder", model, config={"env": "local"})
by_client = client.predict("adder", rows)

install_as_azureml()
import mlflow.azureml  # noqa: E402  # only now it is Trackside's
from azureml.core.webservice import AciWebservice  # type: ignore[import-not-found]  # noqa: E402

service, registered = mlflow.azureml.deploy(
    model_uri=model,
    workspace=Workspace.get("default", url=server),
    deployment_config=AciWebservice.deploy_configuration(env="local"),
    service_name="azures",
    model_name="sum",
)
print(json.dumps([dict(by_client), service.run(rows), registered.id]))
