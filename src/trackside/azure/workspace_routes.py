"""Creates, changes and deletes workspaces like Azure Resource Manager.

The work is complete before the answer, so the answer says `Succeeded` and clients need not poll.
"""

from collections.abc import Callable
from typing import Any

from trackside.azure import arm, template
from trackside.core.access import Action
from trackside.core.errors import Denied, NotFound
from trackside.core.http.admission import REFUSED
from trackside.core.http.codec import Answer, Call, decode_body, encode
from trackside.core.http.routes import HANDLED, Route, stream
from trackside.core.http.streams import Request, Response
from trackside.workspaces import routes as workspaces
from trackside.workspaces import store
from trackside.workspaces.model import Workspace

_JSON = [(b"content-type", b"application/json")]
_DEPLOYMENTS = "/providers/Microsoft.Resources/deployments"


class Group(Call, frozen=True):
    """A resource group; `location` and `tags` are read and not kept."""

    location: str | None = None
    tags: dict[str, str] | None = None


class Deployment(Call, frozen=True):
    properties: Any = None
    location: str | None = None


class Resource(Call, frozen=True):
    """A workspace in ARM's form."""

    location: str | None = None
    tags: dict[str, str] | None = None
    sku: Any = None
    identity: Any = None
    properties: Any = None


class Deployed(Answer, frozen=True):
    id: str
    name: str
    type: str
    properties: dict[str, Any]


class Calls:
    """`base`: the server's URL as the client wrote it."""

    def __init__(self, base: Callable[[Request], str], work: workspaces.Calls) -> None:
        self._base = base
        self._work = work

    async def put_group(self, request: Request) -> Response:
        """Accept the call: a resource group exists while it has a workspace, so there is nothing to create."""
        subscription, group = request.params["subscription_id"], request.params["resource_group"]
        decode_body(Group, await request.whole_body())
        if Action.WORKSPACES_WRITE not in request.visit.caller.rights_in(subscription, group).everywhere:
            raise Denied(REFUSED)
        return Response(201, _JSON, encode(arm.resource_group(subscription, group)))

    async def deploy(self, request: Request) -> Response:
        """Create the one workspace of an ARM template."""
        subscription, group, name = (request.params[each] for each in ("subscription_id", "resource_group", "name"))
        call: Deployment = decode_body(Deployment, await request.whole_body())
        wanted = template.workspace(call.properties, subscription, group)
        made: Workspace = await request.write(lambda tx: self._work.create(tx, wanted))
        return Response(
            201,
            _JSON,
            encode(
                Deployed(
                    id=f"/subscriptions/{subscription}/resourceGroups/{group}{_DEPLOYMENTS}/{name}",
                    name=name,
                    type="Microsoft.Resources/deployments",
                    properties={
                        "provisioningState": "Succeeded",
                        "mode": "Incremental",
                        "outputResources": [{"id": made.scope}],
                    },
                )
            ),
        )

    async def no_deployments(self, request: Request) -> Response:
        """Return no deployments: each is complete when its call is answered."""
        del request
        return Response(200, _JSON, b'{"value":[]}')

    async def put(self, request: Request) -> Response:
        """Create a workspace, or change the one of this name."""
        subscription, group, name = (request.params[each] for each in ("subscription_id", "resource_group", "name"))
        body = await request.whole_body()
        call: Resource = decode_body(Resource, body)
        resource = {"location": call.location, "tags": call.tags, "properties": call.properties}
        wanted = template.of_resource(resource, name, subscription, group)

        def work(tx: Any) -> tuple[int, Workspace]:
            found = store.find(tx, name)
            if found is None or not _is_in(found, subscription, group):
                return 201, self._work.create(tx, wanted)
            return 200, self._change(tx, call, found)

        status, made = await request.write(work)
        return Response(status, _JSON, encode(arm.described(made, self._base(request))))

    async def patch(self, request: Request) -> Response:
        subscription, group, name = (request.params[each] for each in ("subscription_id", "resource_group", "name"))
        call: Resource = decode_body(Resource, await request.whole_body())
        template.of_resource({"tags": call.tags, "properties": call.properties}, name, subscription, group)

        def work(tx: Any) -> Workspace:
            return self._change(tx, call, _found(tx, subscription, group, name))

        made: Workspace = await request.write(work)
        return Response(200, _JSON, encode(arm.described(made, self._base(request))))

    async def delete(self, request: Request) -> Response:
        """Remove a workspace with everything in it, as Azure does.  204: it did not exist."""
        subscription, group, name = (request.params[each] for each in ("subscription_id", "resource_group", "name"))

        def work(tx: Any) -> int:
            found = store.find(tx, name)
            if found is None or not _is_in(found, subscription, group) or not tx.caller.rights(found).is_any:
                return 204
            self._work.delete(tx, workspaces.Delete(name=name, mode="CASCADE"))
            return 200

        return Response(await request.write(work), [], b"")

    def _change(self, tx: Any, call: Resource, found: Workspace) -> Workspace:
        properties = call.properties or {}
        update = workspaces.Update(
            name=found.name,
            description=properties.get("description"),
            friendly_name=properties.get("friendlyName"),
            tags=call.tags,
        )
        return self._work.update(tx, update)


def _found(tx: Any, subscription: str, group: str, name: str) -> Workspace:
    """Raise NotFound."""
    found = store.find(tx, name)
    if found is None or not _is_in(found, subscription, group) or not tx.caller.rights(found).is_any:
        raise NotFound(f"The Resource '{arm.TYPE}/{name[:100]}' under resource group '{group[:100]}' was not found.")
    return found


def _is_in(workspace: Workspace, subscription: str, group: str) -> bool:
    """Return whether the workspace is in the group; names of subscriptions and groups are compared without case."""
    return (workspace.subscription_id.lower(), workspace.resource_group.lower()) == (
        subscription.lower(),
        group.lower(),
    )


def routes(calls: Calls) -> list[Route]:
    def on(where: str, handler: Any, call: type[Call], needs: Action = Action.WORKSPACES_WRITE) -> Route:
        return stream(where, handler, needs=needs, on=HANDLED, has_workspace=False, call=call)

    subscription = "/subscriptions/{subscription_id}"
    lower, camel = (f"{subscription}/{word}/{{resource_group}}" for word in ("resourcegroups", "resourceGroups"))
    one = f"{camel}/providers/{arm.TYPE}/{{name}}"
    return [
        *(on(f"PUT {group}", calls.put_group, Group) for group in (lower, camel)),
        *(on(f"PUT {group}{_DEPLOYMENTS}/{{name}}", calls.deploy, Deployment) for group in (lower, camel)),
        on(f"GET {subscription}{_DEPLOYMENTS}", calls.no_deployments, Call, Action.WORKSPACES_READ),
        on(f"PUT {one}", calls.put, Resource),
        on(f"PATCH {one}", calls.patch, Resource),
        on(f"DELETE {one}", calls.delete, Call, Action.WORKSPACES_DELETE),
    ]
