"""Models as web services: MLflow's deployment plug-in, and the classes of azureml-core for models and web services.

`endpoints` calls the server, `registration` copies models into a workspace, `configs` reads configuration.  `deployments` is
the plug-in, `local` its `run_local`.  `webservices`, `models` and `azureml` have azureml-core's and mlflow.azureml's
signatures.
"""
