"""The APIs that Microsoft's and Databricks' clients call, translated to Trackside's.  Has no state.

`arm` answers for subscriptions and workspaces as Azure Resource Manager does. `run_history` and `blob` transfer files,
`online` manages endpoints, `databricks_routes` answers Databricks clients, and `dialects` writes artifact URIs in each
client's form.
"""
