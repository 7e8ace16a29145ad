"""Random calls by Hypothesis: several sequential or concurrent calls of any route, valid and invalid."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple, get_args, get_origin
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Struct

from fuzz.faults import fault_of
from fuzz.invariants import problems
from fuzz.raw import JSON, Ask
from fuzz.values import bare, dumped, raw
from fuzz.world import ODD, World, takes_away
from support.runner.examples import examples, varies
from trackside.core.http.codec import fields_of
from trackside.core.http.routes import Route

# The application's own threads draw random numbers meanwhile, which Hypothesis takes for the strategies' doing.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")

ABSENT = object()

WORDS = [
    "", "a", "m", "p", "t", "0", "1", "-1", "default", "north", "active", "deleted", "ALL", "DELETED_ONLY", "RUNNING", "None",
    "Staging", "latest", "al", "rm0", "seen0", "mlflow.runName", "mlflow.note.content", "mlflow.prompt.is_prompt", "run",
    "experiment", "logged_model", "registered_model", "tag", "param", "stage", "status", "name", "start_time", "end_time",
    "dataset", "input", "output", "point", "model_type", "../x", "a/../b", "a//b", "/a", "a b", "\u0000", "\ud800", "\u0130", "%",
    "_", "runs:/x/y", "models:/rm0/1", "models:/m-1", "mlflow-artifacts:/0/x", "file:///etc/passwd", "s3://b/k", "dbfs:/x",
    "http://127.0.0.1:1/x", "push", "[]", "{}", '["a","b"]', '{"source": 1}', "1e400", "9" * 30,
]  # fmt: skip
TOKENS = [
    "metrics.m", "params.p", "tags.t", "attributes.status", "run_id", "name", "start_time", "experiment_id", "creation_time",
    "version_number", "datasets.name", "min(metrics.m)", "count(metrics.m)", "metrics.`a b`", 'params."x"', "=", "!=", "<", ">=",
    "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "BETWEEN", "AND", "OR", "NOT", "(", ")", ",", "'1'", "'%a_'",
    '"b"', "1", "-0.5", "1e400", "'\u0000'", "('a','b')", "''", "'", "`", ";", "--", "ASC", "DESC", "\\",
]  # fmt: skip


class Made(NamedTuple):
    route: Route
    odd: dict[str, Any]
    shape: str


texts = st.one_of(
    st.sampled_from(WORDS),
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.lists(st.sampled_from(TOKENS), max_size=9).map(" ".join),
)
numbers = st.one_of(
    st.integers(-2, 5),
    st.integers(),
    st.sampled_from([2**31, 2**53, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**400]),
    st.floats(),
    st.integers().map(str),
    st.floats().map(str),
)
anything = st.one_of(
    st.sampled_from(ODD).map(raw),
    st.recursive(
        st.one_of(st.none(), st.booleans(), numbers, texts),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    ),
)


def of_kind(kind: Any) -> SearchStrategy[Any]:
    """Mostly values of a field's type."""
    return st.one_of(*[_typed(bare(kind))] * 7, anything)


def _typed(kind: Any) -> SearchStrategy[Any]:
    if get_origin(kind) is list:
        return st.lists(of_kind(get_args(kind)[0]), max_size=4)
    if kind is dict or get_origin(kind) is dict:
        return st.dictionaries(texts, of_kind((get_args(kind) or (str, str))[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return st.fixed_dictionaries({}, optional={name: of_kind(inner) for name, inner in fields_of(kind).items()})
    if kind in (int, float):
        return numbers
    return st.booleans() if kind is bool else texts


def calls(world: World) -> SearchStrategy[Made]:
    """A route, what some of its fields get in place of what is plain, and how that is put on the wire."""

    def of_route(route: Route) -> SearchStrategy[Made]:
        fields = world.fields(route)

        def with_odd(names: list[str]) -> SearchStrategy[Made]:
            odd = st.fixed_dictionaries(
                {name: st.one_of(st.just(ABSENT), *[of_kind(fields[name])] * 4) for name in names}
            )
            return st.builds(Made, st.just(route), odd, st.sampled_from(["plain"] * 12 + sorted(SHAPES)))

        if not fields:
            return with_odd([])
        return st.lists(st.sampled_from(sorted(fields)), max_size=2, unique=True).flatmap(with_odd)

    return st.sampled_from(world.routes).flatmap(of_route)


def _to_camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


def _renamed(body: bytes) -> bytes:
    text = body.decode("utf-8", "replace")
    try:
        return json.dumps({_to_camel(name): value for name, value in json.loads(text).items()}).encode()
    except (ValueError, RecursionError):
        return body


SHAPES: dict[str, Callable[[bytes], bytes]] = {
    "twice encoded": lambda body: json.dumps(body.decode("utf-8", "replace")).encode(),
    "in a list": lambda body: b"[" + body + b"]",
    "cut": lambda body: body[: len(body) // 2],
    "with garbage after it": lambda body: body + b"}",
    "with a mark": lambda body: b"\xef\xbb\xbf" + body,
    "in UTF-16": lambda body: body.decode("utf-8", "replace").encode("utf-16"),
    "no UTF-8": lambda body: body.replace(b"a", b"\xe9\xff"),
    "every key twice": lambda body: body[:-1] + b"," + body[1:] if len(body) > 2 else body,
    "in both spellings": lambda body: body[:-1] + b"," + _renamed(body)[1:] if len(body) > 2 else body,
    "in camel case": _renamed,
    "unknown fields": lambda body: b'{"foo_bar":[1],' + body[1:] if len(body) > 2 else body,
    "with blanks": lambda body: b" \n\t" + body + b"\r\n ",
    "nothing": lambda _: b"",
}


def rendered(world: World, made: Made) -> Ask:
    route = made.route
    said = {name: value for name, value in (world.plain(route) | made.odd).items() if value is not ABSENT}
    odd = {name: _quoted(made.odd[name]) for name in world.places(route) if made.odd.get(name, ABSENT) is not ABSENT}
    ask = world.ask(route, said, world.target(route, odd))
    if made.shape in SHAPES:
        return Ask(ask.method, ask.target, ask.query, (JSON,), [SHAPES[made.shape](piece) for piece in ask.pieces])
    return ask


def _quoted(value: Any) -> str:
    text = value if isinstance(value, str) else dumped(value)
    return quote(text[:500].encode("utf-8", "replace"), safe="") or "x"


def _hold(world: World, most: int) -> None:
    """Whatever is asked is answered in form; the store stays whole, and the server serves.

    To renew the world takes longer than an example, so examples that do not vary share one until a call may have taken
    something away."""
    is_whole = False

    @settings(max_examples=most, suppress_health_check=list(HealthCheck))
    @given(st.lists(calls(world), min_size=1, max_size=6), st.booleans())
    def answers(made: list[Made], side_by_side: bool) -> None:
        nonlocal is_whole
        if varies() or not is_whole:
            world.renew()
        is_whole = not any(takes_away(call.route) for call in made)
        asks = [rendered(world, call) for call in made]
        told = world.direct.ask_all(asks) if side_by_side else [world.direct.ask(ask) for ask in asks]
        wrong = [(ask, fault) for ask, each in zip(asks, told, strict=True) if (fault := fault_of(ask, each))]
        assert not wrong

    answers()
    assert problems(world.database) == []
    assert world.direct.ask(Ask("GET", b"/health")).status == 200


def test_random_calls_get_valid_answers_and_leave_the_store_consistent(world: World) -> None:
    _hold(world, examples(150))


@pytest.mark.slow  # the same calls as on SQLite, fewer of them
def test_random_calls_on_postgresql_get_valid_answers_and_leave_the_store_consistent(pg_world: World) -> None:
    _hold(pg_world, examples(60))


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ["world", "pg_world"])
def test_many_random_calls_get_valid_answers(request: pytest.FixtureRequest, name: str) -> None:
    _hold(request.getfixturevalue(name), 2000)  # some minutes
