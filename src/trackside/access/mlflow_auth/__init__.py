"""MLflow's access control API (`mlflow server --app-name basic-auth`), mapped to Trackside's users, groups and roles."""
