"""SCIM's JSON: resources, filters and changes.  Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from trackside.core.errors import Fault

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
_MESSAGES = "urn:ietf:params:scim:api:messages:2.0"
LIST, PATCH, ERROR = f"{_MESSAGES}:ListResponse", f"{_MESSAGES}:PatchOp", f"{_MESSAGES}:Error"
MAX_RESULTS = 200
MAX_OPERATIONS = 1000
MAX_MEMBERS = 10_000
# Attributes that are stored as the directory sends them, and not used.
KEPT = ("name", "emails", "title", "nickName", "locale", "timezone", "userType", "preferredLanguage", "profileUrl",
        "phoneNumbers", "addresses")  # fmt: skip
# Attributes of the standard that are ignored.
_IGNORED = ("schemas", "id", "meta", "password", "groups", "roles", "entitlements", "ims", "photos", "x509certificates")
_FILTER = re.compile(r"""\s*([A-Za-z][\w.]*)\s+eq\s+("(?:[^"\\]|\\.)*"|[^\s"]+)\s*""", re.IGNORECASE)
_MEMBER = re.compile(r'members\[\s*value\s+eq\s+"([^"]*)"\s*\]', re.IGNORECASE)
_PATH = re.compile(r"([A-Za-z][\w]*)(\[[^\]]*\])?(?:\.([A-Za-z]\w*))?")

Kind = Literal["add", "replace", "remove"]


class Unfit(Fault):
    """A faulty request, with SCIM's keyword for the fault."""

    code = "INVALID_PARAMETER_VALUE"
    status = 400

    def __init__(self, scim_type: str, message: str) -> None:
        super().__init__(message)
        self.scim_type = scim_type


class Operation(Struct, frozen=True):
    kind: Kind
    path: str
    value: Any


class UserChange(Struct):
    """The changes of a user; None leaves a value unchanged."""

    name: str | None = None
    display_name: str | None = None
    is_active: bool | None = None
    external_id: str | None = None
    attributes: dict[str, Any] | None = None


def parse_filter(text: str) -> tuple[str, str]:
    """Return attribute (in lower case) and value of `attribute eq "value"`."""
    match = _FILTER.fullmatch(text)
    if match is None:
        raise Unfit("invalidFilter", f'filter is {text[:200]!r}; it must be a filter such as userName eq "ana"')
    value = match[2]
    if value.startswith('"'):
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    return match[1].lower(), value


def operations(body: Mapping[str, Any]) -> list[Operation]:
    """Return the operations of a PATCH."""
    found = body.get("Operations", body.get("operations"))
    if not isinstance(found, list) or not 0 < len(found) <= MAX_OPERATIONS:
        raise Unfit("invalidSyntax", f"Operations must be a list of 1 to {MAX_OPERATIONS} operations")
    made = []
    for each in found:
        kind = str(each.get("op", "")).lower() if isinstance(each, dict) else ""
        path = each.get("path", "") if isinstance(each, dict) else ""
        if kind not in ("add", "replace", "remove") or not isinstance(path, str):
            raise Unfit("invalidSyntax", "each operation has an op (add, replace, remove), a path and a value")
        if kind == "remove" and not path:
            raise Unfit("noTarget", "a remove operation needs a path")
        made.append(Operation(kind, path, each.get("value")))  # type: ignore[arg-type]  # one of the three
    return made


def user_of(body: Mapping[str, Any]) -> UserChange:
    """Return the whole user of a POST or PUT."""
    name = body.get("userName")
    if not isinstance(name, str) or not name:
        raise Unfit("invalidValue", "userName is missing")
    return UserChange(
        name=name,
        display_name=_display_name(body),
        is_active=_boolean(body.get("active", True)),
        external_id=_text(body.get("externalId"), "externalId"),
        attributes={key: body[key] for key in KEPT if key in body},
    )


def changed_user(body: Mapping[str, Any], attributes: Mapping[str, Any]) -> UserChange:
    """Return the changes of a PATCH to a user with these stored attributes."""
    change = UserChange(attributes=dict(attributes))
    for operation in operations(body):
        if operation.path:
            _change(change, operation.path, None if operation.kind == "remove" else operation.value)
        elif isinstance(operation.value, dict):
            for path, value in operation.value.items():
                _change(change, path, value)
        else:
            raise Unfit("invalidValue", "an operation without a path needs an object as value")
    return change


def member_ids(value: Any) -> list[int]:
    """Return the members of a group, by id."""
    if value is None:
        return []
    listed = value if isinstance(value, list) else [value]
    if len(listed) > MAX_MEMBERS:
        raise Unfit("tooMany", f"members has {len(listed)} entries; it may have {MAX_MEMBERS}")
    return [to_id(each.get("value") if isinstance(each, dict) else each) for each in listed]


def changed_members(operation: Operation, current: Sequence[int]) -> list[int] | None:
    """Return the members after an operation; None if it is not about members."""
    one = _MEMBER.fullmatch(operation.path)
    if one is not None:
        return [each for each in current if each != to_id(one[1])]
    if operation.path.lower() != "members":
        return None
    given = member_ids(operation.value)
    match operation.kind:
        case "add":
            return list(dict.fromkeys([*current, *given]))
        case "replace":
            return list(dict.fromkeys(given))
    return [each for each in current if each not in given] if operation.value is not None else []


def to_id(value: Any) -> int:
    """Return the id.  Raise Unfit if it is not an id of this server."""
    text = str(value)
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise Unfit("invalidValue", f"the id {text[:100]!r} does not exist on this server")
    return int(text)


def group_name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise Unfit("invalidValue", "displayName is missing")
    return value


def _change(change: UserChange, path: str, value: Any) -> None:
    """Add a change; a path of an extension schema is ignored, like its attributes."""
    bare = path.removeprefix(f"{USER}:")
    if bare.lower().startswith("urn:"):
        return
    match = _PATH.fullmatch(bare)
    if match is None:
        raise Unfit("invalidPath", f"path is {path[:100]!r}, which names no attribute")
    name, selected, part = match.groups()
    lowered = name.lower()
    kept = next((each for each in KEPT if each.lower() == lowered), None)
    assert change.attributes is not None
    if lowered == "username":
        change.name = _text(value, "userName") or ""
        if not change.name:
            raise Unfit("invalidValue", "userName cannot be removed")
    elif lowered == "displayname":
        change.display_name = _text(value, "displayName")
    elif lowered == "active":
        change.is_active = _boolean(value)
    elif lowered == "externalid":
        change.external_id = _text(value, "externalId")
    elif kept is not None:
        _keep(change.attributes, kept, selected, part, value)
        if kept == "name" and change.display_name is None:
            change.display_name = _display_name(change.attributes) or None
    elif lowered not in _IGNORED:
        raise Unfit("invalidPath", f"path is {path[:100]!r}, which names no attribute of a user")


def _keep(attributes: dict[str, Any], name: str, selected: str | None, part: str | None, value: Any) -> None:
    if selected is not None:
        attributes[name] = [] if value is None else [{part or "value": value}]  # the only stored one
    elif part is not None:
        before = attributes.get(name)
        after = {**(before if isinstance(before, dict) else {}), part: value}
        attributes[name] = {key: each for key, each in after.items() if each is not None}
    elif value is None:
        attributes.pop(name, None)
    else:
        attributes[name] = value


def _display_name(body: Mapping[str, Any]) -> str:
    if isinstance(body.get("displayName"), str):
        return str(body["displayName"])
    name = body.get("name")
    if not isinstance(name, dict):
        return ""
    if isinstance(name.get("formatted"), str):
        return str(name["formatted"])
    return " ".join(str(name[key]) for key in ("givenName", "familyName") if isinstance(name.get(key), str))


def _boolean(value: Any) -> bool:
    """Return a boolean, which Entra ID sends as text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise Unfit("invalidValue", f"active is {str(value)[:50]!r}; it must be true or false")


def _text(value: Any, what: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 256 or not value.isprintable():
        raise Unfit("invalidValue", f"{what} must be a text of at most 256 printable characters")
    return value
