"""The APIs that Microsoft's own clients call.  Translation only: it has no state of its own.

`arm` answers for subscriptions and workspaces as Azure Resource Manager does, `sign_in` gives tokens as a managed identity
does, `run_history` and `blob` take and give files, and `dialects` writes artifact URIs as each client reads them.
"""
