"""The parts that links and imports share.

- `document`, `validation`, `entities`, `portions`, `metric_delta`, `record_merge`: items as documents; pure functions.
- `local/`: reads and writes the items of a workspace of this server.
- `api/`: the calls by which another Trackside, or an import, reads and writes a workspace.
- `remote/`: the interface of a remote (`port`), and the clients of Trackside, MLflow and Databricks.
"""
