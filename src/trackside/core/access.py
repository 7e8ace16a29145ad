"""The actions that routes need.  Knows their names, which are Azure's; knows no caller, role or route.

A route names one action (`needs=Action.RUNS_WRITE`).  Azure's documentation lists the actions of MLflow's calls
("Manage access to an Azure Machine Learning workspace"); actions of what only Trackside has follow the same pattern.
"""

from enum import StrEnum

_ML = "Microsoft.MachineLearningServices/workspaces/"
_AUTHORIZATION = "Microsoft.Authorization/"


class Action(StrEnum):
    """What a caller does with an object, by the name that roles use."""

    ANYONE = "anyone"  # needs no sign-in; no role names it
    SIGNED_IN = "signed-in"  # everybody who signed in may do it to what is their own; no role names it

    WORKSPACES_READ = f"{_ML}read"
    WORKSPACES_WRITE = f"{_ML}write"
    WORKSPACES_DELETE = f"{_ML}delete"
    EXPERIMENTS_READ = f"{_ML}experiments/read"
    EXPERIMENTS_WRITE = f"{_ML}experiments/write"
    EXPERIMENTS_DELETE = f"{_ML}experiments/delete"
    RUNS_READ = f"{_ML}experiments/runs/read"
    RUNS_WRITE = f"{_ML}experiments/runs/write"
    MODELS_READ = f"{_ML}models/read"
    MODELS_WRITE = f"{_ML}models/write"
    MODELS_DELETE = f"{_ML}models/delete"
    MODELS_APPROVE = f"{_ML}models/approve/action"  # decide requests for a stage
    REGISTRY_WRITE = f"{_ML}registry/write"  # the stages of a workspace
    DATASETS_READ = f"{_ML}datasets/registered/read"
    DATASETS_WRITE = f"{_ML}datasets/registered/write"
    DATASETS_DELETE = f"{_ML}datasets/registered/delete"
    CHANGES_READ = f"{_ML}changes/read"  # the change log
    LINKS_READ = f"{_ML}links/read"
    LINKS_WRITE = f"{_ML}links/write"
    LINKS_DELETE = f"{_ML}links/delete"
    SYNC_READ = f"{_ML}sync/read"  # what the other side of a link reads: a whole workspace
    SYNC_WRITE = f"{_ML}sync/write"
    WEBHOOKS_READ = f"{_ML}webhooks/read"
    WEBHOOKS_WRITE = f"{_ML}webhooks/write"
    WEBHOOKS_DELETE = f"{_ML}webhooks/delete"
    JOBS_READ = f"{_ML}jobs/read"
    JOBS_WRITE = f"{_ML}jobs/write"
    JOBS_DELETE = f"{_ML}jobs/delete"
    ENDPOINTS_READ = f"{_ML}onlineEndpoints/read"
    ENDPOINTS_WRITE = f"{_ML}onlineEndpoints/write"
    ENDPOINTS_DELETE = f"{_ML}onlineEndpoints/delete"
    ENDPOINTS_SCORE = f"{_ML}onlineEndpoints/score/action"
    METRICS_WRITE = f"{_ML}metrics/write"  # reserved by Azure's role of that name; log-metric needs RUNS_WRITE

    ROLE_ASSIGNMENTS_READ = f"{_AUTHORIZATION}roleAssignments/read"
    ROLE_ASSIGNMENTS_WRITE = f"{_AUTHORIZATION}roleAssignments/write"
    ROLE_ASSIGNMENTS_DELETE = f"{_AUTHORIZATION}roleAssignments/delete"
    ROLES_READ = f"{_AUTHORIZATION}roleDefinitions/read"
    ROLES_WRITE = f"{_AUTHORIZATION}roleDefinitions/write"
    ROLES_DELETE = f"{_AUTHORIZATION}roleDefinitions/delete"
    USERS_READ = f"{_AUTHORIZATION}users/read"
    USERS_WRITE = f"{_AUTHORIZATION}users/write"
    USERS_DELETE = f"{_AUTHORIZATION}users/delete"
    AUDIT_READ = f"{_AUTHORIZATION}auditLog/query/action"
    SETTINGS_READ = f"{_AUTHORIZATION}serverSettings/read"
    SETTINGS_WRITE = f"{_AUTHORIZATION}serverSettings/write"
    SERVER_OPERATE = f"{_AUTHORIZATION}server/operate/action"  # clean-up, backup, health in detail
