"""The calls of SCIM 2.0 at /scim/v2.  A token of the scope `scim` may only make these."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from trackside.audit.log import utc
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists, Denied, Fault, Invalid, NotFound
from trackside.core.http.codec import Answer, Call, encode
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.identity import service
from trackside.identity import store as identity
from trackside.identity.model import Kind, Principal
from trackside.identity.scim import model, store
from trackside.identity.scim.model import GROUP, LIST, USER, Unfit

PREFIX = "/scim/v2"
MEDIA = "application/scim+json"
MAX_BODY_BYTES = 1 << 20
_MEDIA_TYPES = (b"application/scim+json", b"application/json")
_FILTERS = {
    Kind.USER: {"username": "name", "externalid": "external_id", "id": "id"},
    Kind.GROUP: {"displayname": "name", "externalid": "external_id", "id": "id"},
}
_USER_TYPE = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"], "id": "User", "name": "User",
              "endpoint": "/Users", "schema": USER}  # fmt: skip
_GROUP_TYPE = {**_USER_TYPE, "id": "Group", "name": "Group", "endpoint": "/Groups", "schema": GROUP}


class Find(Call, frozen=True):
    filter: str | None = None
    startIndex: int | None = None  # noqa: N815  # SCIM's name
    count: int | None = None
    excludedAttributes: str | None = None  # noqa: N815  # SCIM's name


class Resource(Answer, frozen=True):
    """A user, a group or a document of the standard, in the form of RFC 7643."""


Handler = Callable[[Request], Awaitable[Response]]


def in_scim(handle: Handler) -> Handler:
    """Return a handler whose faults are SCIM's error messages."""

    async def answer(request: Request) -> Response:
        try:
            return await handle(request)
        except Fault as fault:
            status = 409 if isinstance(fault, AlreadyExists) else fault.status
            kind = fault.scim_type if isinstance(fault, Unfit) else "uniqueness" if status == 409 else None
            found = {"schemas": [model.ERROR], "status": str(status), "detail": fault.message}
            return _answer({**found, **({"scimType": kind} if kind else {})}, status)

    answer.__doc__ = handle.__doc__
    answer.__module__ = handle.__module__
    return answer


async def list_users(request: Request) -> Response:
    """Return users; `filter` is, for example, userName eq "ana"."""
    return await _list(request, Kind.USER)


async def get_user(request: Request) -> Response:
    """Return a user."""
    return await _get(request, Kind.USER)


async def create_user(request: Request) -> Response:
    """Create a user, who signs in by a provider or a token: a directory sets no passwords."""
    asked = model.user_of(await _body(request))

    def write(tx: Tx) -> dict[str, Any]:
        made = service.create_user(tx, asked.name or "", display_name=asked.display_name or "")
        if asked.is_active is False:
            service.set_disabled(tx, made, is_disabled=True)
        store.keep(tx, made.principal_id, asked.external_id or "", asked.attributes or {})
        return _shown(tx, Kind.USER, made.principal_id)

    return _answer(await request.write(write), 201)


async def replace_user(request: Request) -> Response:
    """Replace a user's attributes."""
    asked = model.user_of(await _body(request))
    return _answer(await request.write(lambda tx: _change_user(tx, request.params["id"], asked)))


async def change_user(request: Request) -> Response:
    """Change some attributes of a user."""
    body = await _body(request)

    def write(tx: Tx) -> dict[str, Any]:
        before = _find(tx, Kind.USER, request.params["id"])
        return _change_user(tx, request.params["id"], model.changed_user(body, before.attributes))

    return _answer(await request.write(write))


async def delete_user(request: Request) -> Response:
    """Delete a user, with tokens, sessions and roles."""
    return await _delete(request, Kind.USER)


async def list_groups(request: Request) -> Response:
    """Return groups; `filter` is, for example, displayName eq "team"."""
    return await _list(request, Kind.GROUP)


async def get_group(request: Request) -> Response:
    """Return a group."""
    return await _get(request, Kind.GROUP)


async def create_group(request: Request) -> Response:
    """Create a group."""
    body = await _body(request)
    name, members = model.group_name(body.get("displayName")), model.member_ids(body.get("members"))
    external_id = _external_id(body)

    def write(tx: Tx) -> dict[str, Any]:
        made = service.create_group(tx, name)
        _set_members(tx, made, members)
        store.keep(tx, made.principal_id, external_id, {})
        return _shown(tx, Kind.GROUP, made.principal_id)

    return _answer(await request.write(write), 201)


async def replace_group(request: Request) -> Response:
    """Replace a group's name and members."""
    body = await _body(request)
    name, members = model.group_name(body.get("displayName")), model.member_ids(body.get("members"))

    def write(tx: Tx) -> dict[str, Any]:
        group = _principal(tx, Kind.GROUP, request.params["id"])
        _rename(tx, group, name, "")
        _set_members(tx, group, members)
        store.keep(tx, group.principal_id, _external_id(body), {})
        return _shown(tx, Kind.GROUP, group.principal_id)

    return _answer(await request.write(write))


async def change_group(request: Request) -> Response:
    """Change the name or some members of a group."""
    asked = model.operations(await _body(request))

    def write(tx: Tx) -> dict[str, Any]:
        group = _principal(tx, Kind.GROUP, request.params["id"])
        external_id = _find(tx, Kind.GROUP, request.params["id"]).external_id
        members = [member.principal_id for _, member in identity.members(tx, group.principal_id)]
        for operation in _flat(asked):
            changed = model.changed_members(operation, members)
            if changed is not None:
                members = changed
            elif operation.path.lower() == "displayname":
                _rename(tx, group, model.group_name(operation.value), "")
                group = identity.get(tx, group.principal_id)
            elif operation.path.lower() == "externalid":
                external_id = _external_id({"externalId": operation.value})
            elif operation.path.lower() not in ("id", "schemas"):
                raise Unfit("invalidPath", f"path is {operation.path[:100]!r}, which names no attribute of a group")
        _set_members(tx, group, members)
        store.keep(tx, group.principal_id, external_id, {})
        return _shown(tx, Kind.GROUP, group.principal_id)

    return _answer(await request.write(write))


async def delete_group(request: Request) -> Response:
    """Delete a group, with its roles."""
    return await _delete(request, Kind.GROUP)


async def configuration(request: Request) -> Response:
    """Return the supported features of SCIM."""
    no = {"supported": False}
    return _answer({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": model.MAX_RESULTS},
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [{"type": "oauthbearertoken", "name": "Token", "description": "A token of the scope scim"}],
    })  # fmt: skip


async def resource_types(request: Request) -> Response:
    """Return the resource types: users and groups."""
    return _answer(_listed([_USER_TYPE, _GROUP_TYPE], 2, 1))


async def schemas(request: Request) -> Response:
    """Return the supported attributes."""
    return _answer(_listed([_schema(USER, "User", _USER_ATTRIBUTES), _schema(GROUP, "Group", _GROUP_ATTRIBUTES)], 2, 1))


def routes() -> list[Route]:
    def at(where: str, handler: Handler, status: int = 200, **more: Any) -> Route:
        media = "" if status == 204 else MEDIA
        return stream(where, in_scim(handler), needs=Action.PROVISION, has_workspace=False, status=status, media=media,
                      parses_body=False, answer=None if status == 204 else Resource, **more)  # fmt: skip

    users, groups = f"{PREFIX}/Users", f"{PREFIX}/Groups"
    return [
        at(f"GET {PREFIX}/ServiceProviderConfig", configuration),
        at(f"GET {PREFIX}/ResourceTypes", resource_types),
        at(f"GET {PREFIX}/Schemas", schemas),
        at(f"GET {users}", list_users, arguments=Find),
        at(f"POST {users}", create_user, 201),
        at(f"GET {users}/{{id}}", get_user),
        at(f"PUT {users}/{{id}}", replace_user),
        at(f"PATCH {users}/{{id}}", change_user),
        at(f"DELETE {users}/{{id}}", delete_user, 204),
        at(f"GET {groups}", list_groups, arguments=Find),
        at(f"POST {groups}", create_group, 201),
        at(f"GET {groups}/{{id}}", get_group),
        at(f"PUT {groups}/{{id}}", replace_group),
        at(f"PATCH {groups}/{{id}}", change_group),
        at(f"DELETE {groups}/{{id}}", delete_group, 204),
    ]


async def _list(request: Request, kind: Kind) -> Response:
    given = {name: values[-1] for name, values in request.query.items()}
    by, value = "", ""
    if given.get("filter"):
        attribute, value = model.parse_filter(given["filter"])
        by = _FILTERS[kind].get(attribute, "")
        if not by:
            raise Unfit("invalidFilter", f"filter names {attribute[:50]}; allowed are {', '.join(_FILTERS[kind])}")
        value = str(model.to_id(value)) if by == "id" else value
    start, most = max(_number(given, "startIndex", 1), 1), min(max(_number(given, "count", 100), 0), model.MAX_RESULTS)
    is_short = "members" in given.get("excludedAttributes", "")

    def read(tx: Tx) -> dict[str, Any]:
        found = store.find(tx, kind, by, value, first=start - 1, most=most)
        total = store.count(tx, kind) if not by else len(store.find(tx, kind, by, value))
        return _listed([_as_scim(tx, kind, each, is_short=is_short) for each in found], total, start)

    return _answer(await request.read(read))


async def _get(request: Request, kind: Kind) -> Response:
    return _answer(await request.read(lambda tx: _shown(tx, kind, _id(request.params["id"]))))


async def _delete(request: Request, kind: Kind) -> Response:
    await request.write(lambda tx: service.delete_user(tx, _principal(tx, kind, request.params["id"])))
    return Response(204, [], b"")


def _change_user(tx: Tx, text: str, asked: model.UserChange) -> dict[str, Any]:
    before, principal = _find(tx, Kind.USER, text), _principal(tx, Kind.USER, text)
    name = asked.name or before.name
    display_name = before.display_name if asked.display_name is None else asked.display_name
    if (name, display_name) != (before.name, before.display_name):
        _rename(tx, principal, name, display_name)
    if asked.is_active is not None and asked.is_active is before.is_disabled:
        service.set_disabled(tx, identity.get(tx, principal.principal_id), is_disabled=not asked.is_active)
    external_id = before.external_id if asked.external_id is None else asked.external_id
    store.keep(
        tx, principal.principal_id, external_id, before.attributes if asked.attributes is None else asked.attributes
    )
    return _shown(tx, Kind.USER, principal.principal_id)


def _rename(tx: Tx, principal: Principal, name: str, display_name: str) -> None:
    if (name, display_name) == (principal.name, principal.display_name):
        return
    identity.rename(tx, principal, name, display_name[:200])
    service.record(tx, f"{principal.kind}.rename", principal.kind, name, before=principal.name)


def _set_members(tx: Tx, group: Principal, wanted: list[int]) -> None:
    current = {member.principal_id: member for _, member in identity.members(tx, group.principal_id)}
    for principal_id in dict.fromkeys(wanted):
        if principal_id not in current:
            member = identity.find(tx, principal_id)
            if member is None:
                raise Unfit("invalidValue", f"members has {principal_id}, which is not a user of this server")
            service.add_member(tx, group, member)
    for principal_id, member in current.items():
        if principal_id not in wanted:
            service.remove_member(tx, group, member)


def _flat(asked: list[model.Operation]) -> list[model.Operation]:
    """Return the operations, with one operation for each attribute of a value without a path."""
    found = []
    for each in asked:
        if each.path:
            found.append(each)
        elif isinstance(each.value, dict):
            found += [model.Operation(each.kind, path, value) for path, value in each.value.items()]
        else:
            raise Unfit("invalidValue", "an operation without a path needs an object as value")
    return found


def _find(tx: Tx, kind: Kind, text: str) -> store.Resource:
    found = store.find(tx, kind, "id", str(_id(text)))
    if not found:
        raise NotFound(f"{kind} with id={text[:50]} not found")
    return found[0]


def _principal(tx: Tx, kind: Kind, text: str) -> Principal:
    """Return the principal.  Raise Denied for an administrator, whom no directory changes, not even with an administrator's
    token."""
    found = identity.get(tx, _find(tx, kind, text).principal_id)
    if found.is_admin:
        raise Denied("Permission denied: a directory cannot change administrators.")
    return found


def _id(text: str) -> int:
    try:
        return model.to_id(text)
    except Unfit:
        raise NotFound(f"id={text[:50]} not found") from None


def _shown(tx: Tx, kind: Kind, principal_id: int) -> dict[str, Any]:
    return _as_scim(tx, kind, _find(tx, kind, str(principal_id)))


def _as_scim(tx: Tx, kind: Kind, found: store.Resource, *, is_short: bool = False) -> dict[str, Any]:
    resource = "Users" if kind is Kind.USER else "Groups"
    shown: dict[str, Any] = {
        "schemas": [USER if kind is Kind.USER else GROUP],
        "id": str(found.principal_id),
        **({"externalId": found.external_id} if found.external_id else {}),
        "meta": {
            "resourceType": resource[:-1],
            "created": f"{utc(found.created_at // 1000)}Z",
            "lastModified": f"{utc(found.changed_at // 1000)}Z",
            "location": f"{PREFIX}/{resource}/{found.principal_id}",
        },
    }
    if kind is Kind.USER:
        groups = [each for each in identity.groups_of(tx, found.principal_id) if each.kind is Kind.GROUP]
        return {
            **found.attributes,
            **shown,
            "userName": found.name,
            "displayName": found.display_name,
            "active": not found.is_disabled,
            "groups": [{"value": str(each.principal_id), "display": each.name} for each in groups],
        }
    members = [] if is_short else [member for _, member in identity.members(tx, found.principal_id)]
    listed = [{"value": str(each.principal_id), "display": each.name} for each in members]
    return {**shown, "displayName": found.name, **({} if is_short else {"members": listed})}


def _listed(found: list[dict[str, Any]], total: int, start: int) -> dict[str, Any]:
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(found),
        "Resources": found,
    }


def _external_id(body: Mapping[str, Any]) -> str:
    found = body.get("externalId") or ""
    if not isinstance(found, str) or len(found) > 256 or not found.isprintable():
        raise Unfit("invalidValue", "externalId must be a text of at most 256 printable characters")
    return found


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    try:
        number = int(text) if len(text) < 10 else None
    except ValueError:
        number = None
    if number is None:
        raise Invalid(f"{name} is {text[:50]!r}; it must be a number")
    return number


async def _body(request: Request) -> dict[str, Any]:
    kind = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind not in _MEDIA_TYPES:
        raise Unfit("invalidSyntax", "Content-Type must be application/scim+json")
    raw = await request.whole_body(MAX_BODY_BYTES)
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict) or b"\\u0000" in raw:
        raise Unfit("invalidSyntax", "the body must be a JSON object, without the character U+0000")
    return found


def _answer(found: dict[str, Any], status: int = 200) -> Response:
    return Response(status, [(b"content-type", MEDIA.encode())], encode(found))


def _attribute(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "multiValued": False, "required": False, "caseExact": False, "mutability": "readWrite",
            "returned": "default", "uniqueness": "none", **more}  # fmt: skip


_USER_ATTRIBUTES = [
    _attribute("userName", required=True, uniqueness="server"),
    _attribute("displayName"),
    _attribute("active", "boolean"),
    _attribute("name", "complex", subAttributes=[_attribute(each) for each in ("formatted", "givenName", "familyName")]),
    _attribute("emails", "complex", multiValued=True, subAttributes=[_attribute("value"), _attribute("type")]),
    _attribute("groups", "complex", multiValued=True, mutability="readOnly",
               subAttributes=[_attribute("value"), _attribute("display")]),
]  # fmt: skip
_GROUP_ATTRIBUTES = [
    _attribute("displayName", required=True, uniqueness="server"),
    _attribute("members", "complex", multiValued=True, subAttributes=[_attribute("value"), _attribute("display")]),
]


def _schema(urn: str, name: str, attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": urn,
        "name": name,
        "attributes": attributes,
    }
