"""Calls and answers of MLflow's auth API, its levels and types.  Pure.

A role of MLflow's is a group with a home workspace; a permission is an assignment of the role that its level is."""

from typing import ClassVar

from trackside.access import builtin
from trackside.access.model import ANY, Assignment, Scope
from trackside.core.access import experiment_named
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call
from trackside.identity.model import Principal

READ, USE, EDIT, MANAGE, DENY, NONE = "READ", "USE", "EDIT", "MANAGE", "DENY", "NO_PERMISSIONS"
ORDER = {DENY: -1, NONE: 0, READ: 1, USE: 2, EDIT: 3, MANAGE: 4}
WITH_IDS = (
    *("experiment", "registered_model", "prompt", "scorer", "gateway_secret", "gateway_endpoint"),
    *("gateway_model_definition", "mcp_server"),
)
WHOLE = (  # rights on these are granted on all or none
    *("run", "trace", "assessment", "logged_model", "review_queue", "registered_model_version", "prompt_version"),
    *("scorer_version", "mcp_server_version", "workspace"),
)
OURS = {"registered_model": "model"}  # types with another name in Trackside
THEIRS = {ours: theirs for theirs, ours in OURS.items()}
LEVEL_OF_ROLE = {role.role_id: level for level, role in builtin.LEVELS.items()}
RESERVED = "__user_"


class NewUser(Call, frozen=True):
    username: str | None = None
    password: str | None = None

    @property
    def name(self) -> str:
        return self.username or ""


class OfUser(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("username",)
    username: str | None = None


class SetPassword(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("username", "password")
    username: str | None = None
    password: str | None = None
    current_password: str | None = None


class SetAdmin(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("username", "is_admin")
    username: str | None = None
    is_admin: bool | None = None


class Permission(Call, frozen=True):
    """`permission` is omitted in requests that read or revoke one."""

    required: ClassVar[tuple[str, ...]] = ("username", "resource_type", "resource_id")
    username: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    permission: str | None = None


class OldExperimentPermission(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "username")
    experiment_id: str | None = None
    username: str | None = None
    permission: str | None = None


class OldModelPermission(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "username")
    name: str | None = None
    username: str | None = None
    permission: str | None = None


class NewRole(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("workspace", "name")
    workspace: str | None = None
    name: str | None = None
    description: str | None = None


class OfRole(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("role_id",)
    role_id: int | None = None


class ChangeRole(OfRole, frozen=True):
    name: str | None = None
    description: str | None = None


class ListRoles(Call, frozen=True):
    workspace: list[str] | None = None


class NewRolePermission(OfRole, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("role_id", "resource_type", "resource_pattern", "permission")
    resource_type: str | None = None
    resource_pattern: str | None = None
    permission: str | None = None


class OfRolePermission(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("role_permission_id",)
    role_permission_id: int | None = None
    permission: str | None = None


class OfAssignment(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("username", "role_id")
    username: str | None = None
    role_id: int | None = None


class ShownRolePermission(Answer, frozen=True):
    id: int
    role_id: int
    resource_type: str
    resource_pattern: str
    permission: str


class ShownRole(Answer, frozen=True, omit_defaults=False):
    id: int
    name: str
    workspace: str
    description: str | None
    permissions: list[ShownRolePermission]


class ShownUser(Answer, frozen=True, omit_defaults=False):
    id: int
    username: str
    is_admin: bool


class ListedUser(Answer, frozen=True, omit_defaults=False):
    id: int
    username: str
    is_admin: bool
    roles: list[ShownRole]


class Current(Answer, frozen=True, omit_defaults=False):
    user: ShownUser
    is_basic_auth: bool


class ListedUsers(Answer, frozen=True, omit_defaults=False):
    users: list[ListedUser]


class Held(Answer, frozen=True, omit_defaults=False):
    role_id: int
    role_name: str
    workspace: str
    resource_type: str
    resource_pattern: str
    permission: str


class CurrentHeld(Answer, frozen=True, omit_defaults=False):
    is_admin: bool
    permissions: list[Held]


class AllHeld(Answer, frozen=True, omit_defaults=False):
    permissions: list[Held]


class Resolved(Answer, frozen=True, omit_defaults=False):
    allowed: bool
    permission: str


class GotRole(Answer, frozen=True):
    role: ShownRole


class GotRoles(Answer, frozen=True, omit_defaults=False):
    roles: list[ShownRole]


class GotRolePermission(Answer, frozen=True):
    role_permission: ShownRolePermission


class GotRolePermissions(Answer, frozen=True, omit_defaults=False):
    role_permissions: list[ShownRolePermission]


class ShownMembership(Answer, frozen=True):
    id: int
    user_id: int
    role_id: int


class GotMembership(Answer, frozen=True):
    assignment: ShownMembership


class GotMemberships(Answer, frozen=True, omit_defaults=False):
    assignments: list[ShownMembership]


class OldExperiment(Answer, frozen=True):
    experiment_id: str
    user_id: int
    permission: str


class GotOldExperiment(Answer, frozen=True):
    experiment_permission: OldExperiment


class OldModel(Answer, frozen=True):
    workspace: str
    name: str
    user_id: int
    permission: str


class GotOldModel(Answer, frozen=True):
    registered_model_permission: OldModel


class UserWithPermissions(Answer, frozen=True, omit_defaults=False):
    """A user with the permissions that clients of MLflow 2 require: those given to the user in the default workspace."""

    id: int
    username: str
    is_admin: bool
    experiment_permissions: list[OldExperiment]
    registered_model_permissions: list[OldModel]


class GotUser(Answer, frozen=True):
    user: UserWithPermissions


def check_level(level: str | None, resource_type: str = "") -> str:
    allowed = [USE, MANAGE] if resource_type == "workspace" else [READ, USE, EDIT, MANAGE, DENY]
    if level not in allowed:
        raise Invalid(f"Invalid permission '{str(level)[:50]}'. Valid permissions are: {', '.join(allowed)}")
    return str(level)


def scope_of(workspace: str, resource_type: str | None, pattern: str | None) -> Scope:
    """Return the scope of a permission on a resource.  Raise Invalid for a type or pattern that MLflow does not have."""
    if resource_type not in (*WITH_IDS, *WHOLE):
        raise Invalid(
            f"Invalid resource type '{str(resource_type)[:50]}'. Valid resource types are: {', '.join((*WITH_IDS, *WHOLE))}"
        )
    if not pattern or (resource_type in WHOLE and pattern != ANY):
        raise Invalid(
            f"Invalid resource pattern '{str(pattern)[:100]}' for resource type '{resource_type}': it must be '*'"
        )
    object_id = experiment_named(pattern).id if resource_type == "experiment" else pattern
    return Scope("", "", workspace, OURS.get(resource_type, resource_type), object_id)


def level_of(assignment: Assignment) -> str | None:
    """Return MLflow's level of an assignment; None for a role that is not one of its levels."""
    return DENY if assignment.is_denial else LEVEL_OF_ROLE.get(assignment.role_id)


def shown_permission(assignment: Assignment) -> ShownRolePermission:
    scope = assignment.scope
    return ShownRolePermission(
        id=assignment.assignment_id,
        role_id=assignment.principal_id,
        resource_type=THEIRS.get(scope.object_type, scope.object_type),
        resource_pattern=scope.object_id,
        permission=level_of(assignment) or "",
    )


def shown_user(principal: Principal) -> ShownUser:
    return ShownUser(id=principal.principal_id, username=principal.name, is_admin=principal.is_admin)
