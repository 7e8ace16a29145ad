"""Compiled rights equal a naive evaluation of the grants."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackside.access import builtin
from trackside.access.evaluation import OF_TYPE, Bounds, Grant, compile_rights, explain
from trackside.access.model import Place, Scope, expand, find_action, parse_scope, unknown
from trackside.core.access import OPEN_ACTIONS, Action, Object
from trackside.core.errors import Invalid

SUBSCRIPTIONS, GROUPS, WORKSPACES = ("", "s1", "s2"), ("", "g1", "g2"), ("", "north", "south")
OBJECTS = [Object("experiment", "1"), Object("experiment", "2"), Object("model", "iris"), Object("endpoint", "e")]
ACTIONS = sorted(action for action in Action if action not in OPEN_ACTIONS)
ON_OBJECTS = {
    kind: OF_TYPE[kind] - {Action.EXPERIMENTS_CREATE, Action.MODELS_CREATE}
    for kind in ("experiment", "model", "endpoint")
}
PLACE = Place("s1", "g1", "north")


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    workspace = draw(st.sampled_from(WORKSPACES))
    if workspace:
        found = draw(st.sampled_from([None, *OBJECTS, Object("experiment", "*"), Object("model", "*")]))
        return Scope(workspace=workspace) if found is None else Scope("", "", workspace, found.kind, found.id)
    subscription = draw(st.sampled_from(SUBSCRIPTIONS))
    return Scope(subscription, draw(st.sampled_from(GROUPS)) if subscription else "")


grants = st.lists(
    st.builds(
        Grant,
        scopes(),
        st.frozensets(st.sampled_from(ACTIONS), max_size=len(ACTIONS)),
        st.booleans(),
        st.just("because"),
    ),
    max_size=8,
)


def naive(given: Sequence[Grant], action: Action, found: Object) -> bool:
    """As Azure's documentation says it, grant by grant."""

    def concerns(grant: Grant) -> bool:
        scope = grant.scope
        if action not in grant.actions:
            return False
        if scope.workspace:
            if scope.workspace != PLACE.workspace:
                return False
            if not scope.object_type:
                return True
            if scope.object_id == "*":
                return action in OF_TYPE[scope.object_type]
            return Object(scope.object_type, scope.object_id) == found and action in ON_OBJECTS[scope.object_type]
        return scope.subscription in ("", PLACE.subscription) and scope.resource_group in ("", PLACE.resource_group)

    mine = [grant for grant in given if concerns(grant)]
    return any(not grant.is_denial for grant in mine) and not any(grant.is_denial for grant in mine)


@given(grants, st.sampled_from(OBJECTS))
def test_compiled_rights_agree_with_the_naive_model(given: list[Grant], found: Object) -> None:
    rights = compile_rights(given, PLACE)

    for action in ON_OBJECTS[found.kind]:
        expected = naive(given, action, found)
        assert rights.allows(action, found) is expected
        assert explain(given, PLACE, action, found, is_admin=False)[0] is expected
        if action not in rights.some:  # then no look at the object is needed
            assert (action in rights.everywhere) is expected


@given(grants, st.sampled_from(OBJECTS))
def test_a_list_has_the_objects_that_single_checks_allow(given: list[Grant], found: Object) -> None:
    rights = compile_rights(given, PLACE)

    for action in ON_OBJECTS[found.kind]:
        limit = rights.limit(found.kind, action)
        listed = limit is None or ((found.id in limit.ids) is limit.is_only)
        assert listed is rights.allows(action, found)


@given(grants, st.sampled_from(sorted(builtin.LEVELS)))
def test_a_token_never_has_more_rights_than_its_owner(given: list[Grant], level: str) -> None:
    whole = compile_rights(given, PLACE)
    bounds = Bounds(builtin.LEVELS[level].allowed, "north", "1")

    bounded = compile_rights(given, PLACE, bounds=bounds)

    for found in OBJECTS:
        for action in ON_OBJECTS[found.kind]:
            if bounded.allows(action, found):
                assert whole.allows(action, found)
                assert found == Object("experiment", "1")
                assert action in bounds.actions
    assert compile_rights(given, PLACE, bounds=Bounds(workspace="south")).everywhere == OPEN_ACTIONS


def test_not_actions_of_a_role_cancel_nothing_of_another() -> None:
    without = Grant(Scope(), builtin.DATA_SCIENTIST.allowed)
    owner = Grant(Scope(), builtin.OWNER.allowed)

    assert Action.WORKSPACES_DELETE not in compile_rights([without], PLACE).everywhere
    assert Action.WORKSPACES_DELETE in compile_rights([without, owner], PLACE).everywhere


def test_the_eight_actions_of_mlflows_calls_are_azures() -> None:
    prefix = "Microsoft.MachineLearningServices/workspaces/"

    assert {f"{prefix}{name}" for name in (
        "experiments/read", "experiments/write", "experiments/delete", "experiments/runs/read", "experiments/runs/write",
        "models/read", "models/write", "models/delete",
    )} <= {str(action) for action in builtin.MLFLOW_DATA_SCIENTIST.allowed}  # fmt: skip


def test_actions_of_web_services_are_those_of_endpoints() -> None:
    prefix = "Microsoft.MachineLearningServices/workspaces/services/"

    deploys = expand((f"{prefix}aci/write", f"{prefix}aks/*"))
    less = expand(("*/write",), (f"{prefix}aks/write",))

    assert deploys == {
        Action.ENDPOINTS_READ,
        Action.ENDPOINTS_WRITE,
        Action.ENDPOINTS_DELETE,
        Action.ENDPOINTS_SCORE,
        Action.ENDPOINTS_KEYS,
    }
    assert expand((f"{prefix}aks/listkeys/action",)) == {Action.ENDPOINTS_KEYS}
    assert Action.ENDPOINTS_WRITE not in less
    assert Action.RUNS_WRITE in less
    assert find_action("services/aks/score/action") is Action.ENDPOINTS_SCORE
    assert unknown(["*/computes/start/action", f"{prefix}aci/write"]) == ["*/computes/start/action"]


def test_the_built_in_roles_differ_as_in_azure() -> None:
    assert builtin.OWNER.allowed == frozenset(ACTIONS)
    assert not any(action.startswith("Microsoft.Authorization/") and not action.endswith("/read")
                   for action in builtin.CONTRIBUTOR.allowed)  # fmt: skip
    assert builtin.READER.allowed == {action for action in ACTIONS if action.endswith("/read")}
    assert Action.RUNS_WRITE in builtin.DATA_SCIENTIST.allowed
    assert Action.WORKSPACES_WRITE not in builtin.DATA_SCIENTIST.allowed
    assert Action.EXPERIMENTS_CREATE in expand((str(Action.EXPERIMENTS_WRITE),))


def test_an_action_is_found_by_the_end_of_its_name(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, Action]] = [
        ("runs/write", Action.RUNS_WRITE),
        ("Microsoft.MachineLearningServices/workspaces/models/read", Action.MODELS_READ),
        ("workspaces/read", Action.WORKSPACES_READ),
        ("experiments/delete", Action.EXPERIMENTS_DELETE),
    ]
    for text, action in cases:
        with subtests.test(text=text, action=action):
            assert find_action(text) is action


def test_an_ambiguous_or_unknown_action_is_refused(subtests: pytest.Subtests) -> None:
    for text in ["read", "write", "nothing", "", "anyone", "signed-in"]:
        with subtests.test(text=text), pytest.raises(Invalid, match="action is"):
            find_action(text)


def test_a_scope_is_a_place_of_azure_or_short(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, Scope]] = [
        ("/", Scope()),
        ("/subscriptions/S1", Scope("s1")),
        ("/subscriptions/S1/resourceGroups/G", Scope("s1", "g")),
        ("/ws/north", Scope(workspace="north")),
        ("/ws/north/experiments/7", Scope("", "", "north", "experiment", "7")),
        ("/ws/north/models/a/b", Scope("", "", "north", "model", "a/b")),
        (
            "/subscriptions/S1/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/north/experiments/7",
            Scope("", "", "north", "experiment", "7"),
        ),
    ]
    for text, scope in cases:
        with subtests.test(text=text, scope=scope):
            assert parse_scope(text) == scope
            assert parse_scope(str(scope)) == scope


def test_a_mistyped_scope_is_refused(subtests: pytest.Subtests) -> None:
    cases = ["north", "/ws/", "/ws/north/runs/1", "/ws/north/experiments/x", "/subscriptions", "/x"]
    for text in cases:
        with subtests.test(text=text), pytest.raises(Invalid, match="scope is"):
            parse_scope(text)
