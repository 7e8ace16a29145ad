"""Shared by links and imports: items as documents, the local side, the API that another Trackside calls, and clients of remotes.

- `document`, `validation`, `entities`, `portions`, `metric_delta`, `record_merge`: pure values and decisions.
- `local/`: reads and writes the items of a workspace of this server.
- `api/`: the calls that another Trackside, or an import, reads and writes a workspace by.
- `remote/`: what a remote must answer (`port`), and the clients of Trackside, MLflow and Databricks.
"""
