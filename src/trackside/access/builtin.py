"""The built-in roles: Azure's with Azure's ids, and MLflow's levels as roles.  Pure data."""

from trackside.access.model import Role
from trackside.core.access import Action

_ML = "Microsoft.MachineLearningServices/workspaces"
# Of what only Trackside has, these decide about other people's work: no data scientist's role includes them.
_DECISIONS = (str(Action.MODELS_APPROVE), str(Action.REGISTRY_WRITE))

OWNER = Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", "Everything, including assigning roles.", ("*",))
CONTRIBUTOR = Role(
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Contributor",
    "Everything except assigning roles, managing users, placing or removing legal holds and reading the audit log.",
    ("*",),
    ("Microsoft.Authorization/*/write", "Microsoft.Authorization/*/delete", "Microsoft.Authorization/*/action"),
)
READER = Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "Read everything except the audit log.", ("*/read",))
DATA_SCIENTIST = Role(
    "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "AzureML Data Scientist",
    "Everything in a workspace except creating or deleting workspaces and deciding stage requests.",
    (f"{_ML}/*/read", f"{_ML}/*/action", f"{_ML}/*/delete", f"{_ML}/*/write", f"{_ML}/read"),
    (
        f"{_ML}/delete",
        f"{_ML}/write",
        f"{_ML}/computes/*/write",
        f"{_ML}/computes/*/delete",
        f"{_ML}/computes/listKeys/action",
        f"{_ML}/listKeys/action",
        *_DECISIONS,
    ),
)
MLFLOW_DATA_SCIENTIST = Role(
    "f0000000-0000-4000-8000-000000000001",
    "MLflow Data Scientist",
    "The actions of MLflow's tracking and registry calls.",
    (
        f"{_ML}/read",
        *(f"{_ML}/experiments/{verb}" for verb in ("read", "write", "delete")),
        *(f"{_ML}/experiments/runs/{verb}" for verb in ("read", "write")),
        *(f"{_ML}/experiments/traces/{verb}" for verb in ("read", "write", "delete")),
        *(f"{_ML}/models/{verb}" for verb in ("read", "write", "delete")),
        f"{_ML}/datasets/registered/*",
    ),
)
CREATOR = Role(
    "f0000000-0000-4000-8000-000000000002",
    "Creator",
    "Create experiments and registered models, and manage them.",
    (f"{_ML}/read", Action.EXPERIMENTS_CREATE, Action.MODELS_CREATE),
)
AUDITOR = Role(
    "f0000000-0000-4000-8000-000000000003",
    "Auditor",
    "Read everything, and read and export the audit log.",
    ("*/read", Action.AUDIT_READ),
)
HOLD_OFFICER = Role(
    "f0000000-0000-4000-8000-000000000006",
    "Legal Hold Officer",
    "Read everything except the audit log; place and remove legal holds.",
    ("*/read", Action.HOLDS_WRITE, Action.HOLDS_DELETE),
)
LINK = Role(
    "f0000000-0000-4000-8000-000000000004",
    "Link Peer",
    "For the remote server of a link: read and write runs, models, datasets and files of a workspace.",
    (f"{_ML}/read", f"{_ML}/sync/*", f"{_ML}/experiments/*", f"{_ML}/models/*", f"{_ML}/datasets/registered/*"),
    _DECISIONS,
)
MONITORING = Role(
    "f0000000-0000-4000-8000-000000000005",
    "Metrics Reader",
    "Scrape the metrics of the server, for a monitoring system.",
    (Action.METRICS_READ,),
)

_READ = (
    *(f"{_ML}/experiments/read", f"{_ML}/experiments/runs/read", f"{_ML}/models/read", f"{_ML}/onlineEndpoints/read"),
    f"{_ML}/experiments/traces/read",
    f"{_ML}/datasets/registered/read",
)
_USE = (*_READ, f"{_ML}/onlineEndpoints/score/action")
_EDIT = (
    *_USE,
    f"{_ML}/experiments/write",
    f"{_ML}/experiments/runs/write",
    f"{_ML}/experiments/traces/write",
    f"{_ML}/models/write",
    f"{_ML}/onlineEndpoints/write",
    f"{_ML}/onlineEndpoints/readRequests/action",
    f"{_ML}/datasets/registered/write",
)
_MANAGE = (*_EDIT, f"{_ML}/experiments/delete", f"{_ML}/experiments/traces/delete", f"{_ML}/models/delete",
           f"{_ML}/onlineEndpoints/delete",
           f"{_ML}/onlineEndpoints/listKeys/action", f"{_ML}/datasets/registered/delete",
           "Microsoft.Authorization/roleAssignments/*")  # fmt: skip
LEVELS = {
    "READ": Role("mlflow-read", "MLflow READ", "MLflow's level READ.", _READ),
    "USE": Role("mlflow-use", "MLflow USE", "MLflow's level USE.", _USE),
    "EDIT": Role("mlflow-edit", "MLflow EDIT", "MLflow's level EDIT.", _EDIT),
    "MANAGE": Role("mlflow-manage", "MLflow MANAGE", "MLflow's level MANAGE.", _MANAGE),
    "DENY": Role("mlflow-deny", "MLflow DENY", "The denials of MLflow's level DENY.", _MANAGE),
}
MANAGE = LEVELS["MANAGE"]

# Rights of every signed-in user, by the value of --default-role.
DEFAULT_ROLES = {"reader": READER, "creator": CREATOR}

ALL = (
    OWNER, CONTRIBUTOR, READER, DATA_SCIENTIST, MLFLOW_DATA_SCIENTIST, CREATOR, AUDITOR, HOLD_OFFICER, LINK, MONITORING,
    *LEVELS.values(),
)  # fmt: skip
BY_ID = {role.role_id: role for role in ALL}
