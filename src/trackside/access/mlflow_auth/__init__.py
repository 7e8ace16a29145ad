"""The calls of MLflow's own access control (`mlflow server --app-name basic-auth`), on our users, groups and roles."""
