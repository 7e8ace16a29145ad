"""Invalid paths, queries and headers, and unsupported methods."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.faults import fault_of
from fuzz.invariants import problems
from fuzz.raw import JSON, Ask, Told
from fuzz.world import World
from support.runner.examples import examples, varies
from trackside.core.http.routes import Route

PATHS = [
    b"/", b"//", b"/%00", b"/%2f", b"/%", b"/%zz", b"/%ff%fe", b"/..", b"/../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd",
    b"/api", b"/api/", b"/api/2.0/mlflow/", b"/api/2.0/mlflow/runs", b"/api/2.0/mlflow/runs/get/", b"/api/2.0/mlflow/runs/get//",
    b"/api/2.0//mlflow/runs/get", b"/api/2.0/mlflow/../mlflow/runs/get", b"/API/2.0/mlflow/runs/get",
    b"/api/2.0/mlflow/runs%2Fget",
    b"/api/3.0/mlflow/experiments/search", b"/api/2.0/preview/mlflow/runs/get", b"/ws", b"/ws/", b"/ws//", b"/ws/default",
    b"/ws/nobody/health", b"/ws/%00/api/2.0/mlflow/runs/get", b"/ws/../health", b"/ws/%2e%2e/health", b"/ws/ws/ws/ws",
    b"/ws/default/ws/default/health", b"/mlflow/v1.0/subscriptions/a/resourceGroups/b/providers/x", b"/mlflow/v2.0/",
    b"/mlflow/v1.0/subscriptions/%00/resourceGroups/%ff/providers/Microsoft.MachineLearningServices/workspaces/default/health",
    b"/" + b"a" * 60_000, b"/" + b"a/" * 30_000, b"/" + b"%61" * 20_000, b"/api/2.0/mlflow/logged-models/" + b"m" * 60_000,
    b"/api/2.0/mlflow/logged-models/%00", b"/api/2.0/mlflow/logged-models/..", b"/api/2.0/mlflow/logged-models/m-1/tags/a/b/../c",
    b"/api/2.0/mlflow-artifacts/artifacts/", b"/api/2.0/mlflow-artifacts/artifacts/..%2f..%2fetc%2fpasswd",
    b"/api/2.0/mlflow-artifacts/artifacts/%252e%252e%252fetc", b"/api/2.0/mlflow-artifacts/artifacts/a%00b",
    b"/api/2.0/mlflow-artifacts/artifacts//etc/passwd", b"/api/2.0/mlflow-artifacts/artifacts/C:%5cwindows",
    b"/api/2.0/mlflow-artifacts/artifacts/" + b"d/" * 2000 + b"x", b"/api/2.0/mlflow-artifacts/artifacts/" + b"n" * 300,
    b"/api/2.0/mlflow-artifacts/artifacts/workspaces/north/x", b"/get-artifact/../x", b"/static-files/../../x", b"/openapi.json/",
]  # fmt: skip
QUERIES = [
    b"", b"&", b"=", b"?", b"%", b"%zz=%zz", b"%00=%00", b"run_id", b"run_id=", b"run_id=%", b"run_id=%ff%fe",
    b"run_id=%ed%a0%80",
    b"run_id=a&run_id=b", b"run_id=a;run_id=b", b"run_id[]=a", b"run_id%00=a", b"max_results=1&max_results=x", b"max_results=",
    b"max_results=" + b"9" * 5000, b"&".join(b"k%d=1" % i for i in range(9_999)), b"&".join(b"k=1" for _ in range(10_001)),
    b"&" * 60_000, b"run_id=" + b"a" * 60_000, b"experiment_ids=1&experiment_ids=2&experiment_ids=%00", b"allow_deleted=maybe",
    b"filter=" + b"(" * 5000, b"page_token=%F0%9F%98%80", b"run_uuid=a&runUuid=b", b"version=1&version=",
]  # fmt: skip
HEADERS = [
    (b"content-type", b""), (b"content-type", b"text/plain"), (b"content-type", b"application/json; charset=utf-16"),
    (b"content-type", b"APPLICATION/JSON;x"), (b"content-type", b"\xff\xfe"), (b"content-length", b"99"),
    (b"content-length", b"x"),
    (b"x-mlflow-workspace", b""), (b"x-mlflow-workspace", b" "), (b"x-mlflow-workspace", b"nobody"),
    (b"x-mlflow-workspace", b"\xc3\xa9\xff"), (b"x-mlflow-workspace", b"a" * 60_000), (b"x-mlflow-workspace", b"../default"),
    (b"x-mlflow-workspace", b"' OR 1=1 --"), (b"x-mlflow-workspace", b"%00"), (b"x-trackside-user", b"\xff\x80" * 500),
    (b"x-trackside-user", b"u" * 60_000), (b"range", b"bytes=-"), (b"range", b"bytes=" + b"9" * 5000 + b"-"),
    (b"range", b"bytes=5-1,2-,,-3"), (b"range", b"lines=1-2"), (b"if-none-match", b'"' * 1000), (b"if-match", b"\xff"),
    (b"if-modified-since", b"yesterday"), (b"if-modified-since", b"Fri, 31 Feb 99999 25:61:61 GMT"), (b"if-range", b"Mon, x"),
    (b"host", b""), (b"host", b"evil.example"), (b"host", b"localhost:99999"), (b"host", b"\xff"), (b"host", b"[::1"),
    (b"host", b"h" * 60_000), (b"origin", b"null"), (b"origin", b"http://evil.example"), (b"origin", b"\xff://"),
    (b"authorization", b"Basic ???"), (b"authorization", b"Bearer " + b"t" * 60_000), (b"cookie", b"a=b;" * 10_000),
    (b"x-forwarded-proto", b"javascript"), (b"accept", b"\xff"), (b"transfer-encoding", b"chunked"), (b"expect", b"200-ok"),
    (b"x-http-method-override", b"DELETE"), (b"content-encoding", b"gzip"), (b"", b"nameless"), (b"x-nul", b"a\tb"),
]  # fmt: skip
METHODS = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "get",
    "X" * 1000,
    "QUERY",
]


def _assert_in_form(world: World, asks: list[Ask]) -> None:
    wrong = [(ask, fault) for ask in asks if (fault := fault_of(ask, world.direct.ask(ask))) is not None]

    assert not wrong
    assert problems(world.database) == []


def _ways(world: World) -> list[tuple[str, bytes]]:
    return [(route.method, world.target(route)) for route in world.routes]


def _step(of_all: int) -> int:
    """One route in so many is asked; fewer where tests do not vary, since the same code reads the heads of all calls."""
    return of_all if varies() else 5 * of_all


def test_malformed_paths_get_a_valid_answer(world: World) -> None:
    _assert_in_form(world, [Ask(method, path, pieces=[b"{}"]) for path in PATHS for method in METHODS])


def test_malformed_queries_get_a_valid_answer(world: World) -> None:
    ways = _ways(world)

    step = _step(9)

    asks = [
        Ask(*ways[j], query, pieces=[b""]) for i, query in enumerate(QUERIES) for j in range(i % step, len(ways), step)
    ]
    _assert_in_form(world, asks)


def test_malformed_headers_get_a_valid_answer(world: World) -> None:
    ways = _ways(world)
    step = _step(5)

    asks = []
    for i, header in enumerate(HEADERS):
        others = () if header[0] == b"content-type" else (JSON,)
        for j in range(i % step, len(ways), step):
            asks.append(Ask(*ways[j], headers=(header, *others), pieces=[b"{}"]))
            asks.append(Ask(*ways[j], headers=(header, *others, header), pieces=[b"{}"]))
    _assert_in_form(world, asks)


@settings(max_examples=examples(100))
@given(
    path=st.lists(
        st.sampled_from(
            [b"%00", b"%2F", b"/", b"..", b".", b"%2e", b"%25", b"a", b"ws", b"default", b"%C3%A9", b"\\", b":"]
        )
    )
    .map(b"".join)
    .map(lambda tail: b"/" + tail),
    base=st.sampled_from(
        [b"", b"/ws", b"/api/2.0/mlflow-artifacts/artifacts", b"/api/2.0/mlflow", b"/api/trackside/v1"]
    ),
    method=st.sampled_from(["GET", "PUT", "DELETE", "POST"]),
    query=st.binary(max_size=30).map(lambda data: bytes(byte for byte in data if 0x20 < byte < 0x7F)),
)
def test_random_paths_get_a_valid_answer(world: World, base: bytes, path: bytes, method: str, query: bytes) -> None:
    ask = Ask(method, base + path, query, pieces=[b"{}"])

    assert fault_of(ask, world.direct.ask(ask)) is None


def test_no_path_accesses_files_outside_of_the_artifacts(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.getbasetemp() / "secret.txt"
    secret.write_text("out of reach")
    ups = [b"../" * i for i in range(1, 9)]
    spellings = [b"%s", b"/%s"]

    bodies = []
    for up in ups:
        for step in (
            up,
            up.replace(b"/", b"%2f"),
            up.replace(b".", b"%2e"),
            up.replace(b".", b"%252e"),
            up.replace(b"/", b"%5c"),
        ):
            for spelling in spellings:
                target = b"/api/2.0/mlflow-artifacts/artifacts/" + spelling % step + b"secret.txt"
                bodies.append(world.direct.ask(Ask("GET", target)).body)

    assert not any(b"out of reach" in body for body in bodies)


def test_an_unknown_path_is_a_404_in_mlflows_form(world: World) -> None:
    told = world.direct.ask(Ask("GET", b"/api/2.0/mlflow/gateway/endpoints/list"))

    assert (told.status, told.json["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize("slash", [b"", b"/"])
def test_an_unsupported_method_is_a_405_that_lists_the_supported_ones(world: World, slash: bytes) -> None:
    told = world.direct.ask(Ask("DELETE", b"/api/2.0/mlflow/experiments/search" + slash))

    assert (told.status, told.json["error_code"]) == (405, "ENDPOINT_NOT_FOUND")
    assert told.headers[b"allow"] == b"GET, HEAD, OPTIONS, POST"


def test_options_lists_the_methods_of_each_path(world: World) -> None:
    for route in world.routes:
        told = world.direct.ask(Ask("OPTIONS", world.target(route)))

        assert (told.status, told.body) == (204, b"")
        assert route.method.encode() in told.headers[b"allow"].split(b", ")


@pytest.mark.slow
def test_every_route_answers_alike_with_and_without_a_trailing_slash(world: World) -> None:
    for route in world.routes:
        if route.method != "GET" or "mlflow-artifacts" in route.paths[0]:  # there a path may end in one
            continue
        fields = world.plain(route)
        told: list[Told] = []
        for path in route.paths:
            target = world.target(route, path=path)
            spellings = (target, target.rstrip(b"/") + b"/", b"/" + target)
            told += [world.direct.ask(world.ask(route, fields, each)) for each in spellings]

        assert len({(each.status, each.headers.get(b"content-type")) for each in told}) == 1, route.paths


@pytest.mark.slow
def test_head_is_answered_wherever_get_is_with_the_same_head(world: World) -> None:
    for route in world.routes:
        if route.method != "GET":
            continue
        get = world.ask(route, world.plain(route), world.target(route))
        got, head = world.direct.ask(get), world.direct.ask(Ask("HEAD", get.target, get.query, get.headers, get.pieces))

        assert head.status == got.status, route.paths
        assert head.headers.get(b"content-type") == got.headers.get(b"content-type"), route.paths


def test_a_client_that_disconnects_during_an_upload_leaves_no_file(world: World) -> None:
    world.renew()
    before = world.direct.ask(Ask("GET", b"/api/2.0/mlflow/runs/get", b"run_id=" + world.run_id.encode())).json
    body = b'{"run_id":"%s","key":"cut","value":"1"}' % world.run_id.encode()

    for route in world.routes:
        if route.method != "GET" and not _reads_no_body(route):
            told = world.direct.ask(
                Ask(route.method, world.target(route), pieces=[body[:20], body[20:30]], is_cut=True)
            )
            assert told.status == 0 or told.status >= 400, (route.paths, told)

    assert world.direct.ask(Ask("GET", b"/api/2.0/mlflow/runs/get", b"run_id=" + world.run_id.encode())).json == before
    assert problems(world.database) == []


_WITHOUT_BODY = ("/logout", "/rollback", "/listKeys", "/onlineEndpoints/{name}/token")


def _reads_no_body(route: Route) -> bool:
    return route.kind == "stream" and (route.method == "DELETE" or route.paths[0].endswith(_WITHOUT_BODY))


def test_an_invalid_request_does_not_affect_others_of_its_commit(world: World) -> None:
    """Concurrent calls are written in one transaction."""
    world.renew()
    path = b"/api/2.0/mlflow/runs/"

    def logged(i: int, run_id: str, value: str) -> Ask:
        return Ask(
            "POST",
            path + b"log-metric",
            pieces=[b'{"run_id":"%s","key":"k%d","value":%s,"timestamp":1}' % (run_id.encode(), i, value.encode())],
        )

    good = [logged(i, world.run_id, str(i)) for i in range(50)]
    bad = [logged(i, "0" * 32, "1") for i in range(50)]
    wrong = [
        Ask("POST", path + b"set-tag", pieces=[b'{"run_id":"%s","key":"/"}' % world.run_id.encode()]) for _ in range(50)
    ]
    mixed = [each for three in zip(good, bad, wrong, strict=True) for each in three]

    told = world.direct.ask_all(mixed)

    assert [each.status for each in told] == [200, 404, 400] * 50
    got = world.direct.ask(Ask("GET", path + b"get", b"run_id=" + world.run_id.encode())).json
    assert {f"k{i}" for i in range(50)} <= {metric["key"] for metric in got["run"]["data"]["metrics"]}
    assert problems(world.database) == []
