"""The call that stores labels of requests, and schedules the affected windows again."""

import msgspec
from msgspec import Struct

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http import codec
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.core.http.targets import by
from trackside.drift.monitors import service, store
from trackside.drift.monitors.labels import store as labels
from trackside.drift.monitors.labels.store import Given
from trackside.endpoints import store as endpoints
from trackside.endpoints.request_log import files
from trackside.endpoints.request_log.recorder import Recorder

PATH = "/api/trackside/v1/endpoints/{name}/labels"
MAX_REQUESTS, MAX_ROWS = 10_000, 100_000  # of one call
MAX_LABEL_CHARS = 200
DAY_MS = 86_400_000
SOON_MS = 60_000  # labels often come in several calls

Label = str | int | float | bool


class PutLabels(Call, frozen=True):
    """`labels` has the true values by request id: one value, or a list with one for each of its rows (null: unknown)."""

    required = ("labels",)
    name: str | None = None
    labels: dict[str, Label | list[Label | None]] | None = None


class Stored(Answer, frozen=True):
    """`windows` is the number of windows that will be computed again."""

    labels: int
    windows: int


class Logged(Struct, frozen=True):
    at: int  # ms
    rows: int


class Calls:
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def put(self, request: Request) -> Response:
        call = codec.decode_body(PutLabels, await request.whole_body())
        service.check_libraries()
        given = _checked(call.labels or {})
        name = request.params["name"]
        endpoint = await request.read(lambda tx: endpoints.get(tx, name))

        def find() -> dict[str, Logged]:
            from trackside.drift.monitors import request_times  # noqa: PLC0415  # needs an extra

            self._recorder.flush()
            return request_times.of(files.place(self._recorder.folder, endpoint.endpoint_seq), list(given))

        known = await request.in_thread(find)
        found = _located(name, given, known)

        def write(tx: Tx) -> Stored:
            locked = endpoints.lock(tx, name)
            labels.put(tx, locked, found)
            return Stored(len(found), _reopen(tx, name, found))

        body = codec.encode(await request.write(write))
        return Response(200, [(b"content-type", b"application/json")], body)


def routes(recorder: Recorder) -> list[Route]:
    calls = Calls(recorder)
    return [
        stream(
            f"PUT {PATH}",
            calls.put,
            on=by("endpoint", "name"),
            call=PutLabels,
            needs=Action.ENDPOINTS_WRITE,
            answer=Stored,
            summary="Stores the true values of requests that an endpoint logged.",
        )
    ]


def _checked(given: dict[str, Label | list[Label | None]]) -> dict[str, list[Label | None]]:
    if not given:
        raise Invalid('labels is empty; it must be an object such as {"REQUEST_ID": "yes"}')
    found: dict[str, list[Label | None]] = {}
    for key, value in given.items():
        found[key] = value if isinstance(value, list) else [value]
    rows = sum(map(len, found.values()))
    if len(found) > MAX_REQUESTS or rows > MAX_ROWS:
        raise Invalid(
            f"labels has {len(found)} requests with {rows} rows; one call may have {MAX_REQUESTS} requests and {MAX_ROWS} rows"
        )
    for key, labels_of in found.items():
        for each in labels_of:
            if isinstance(each, str) and (len(each) > MAX_LABEL_CHARS or not each.isprintable()):
                raise Invalid(
                    f"the label of request {key[:100]!r} is {each[:50]!r}; a label has at most {MAX_LABEL_CHARS} printable"
                    " characters"
                )
    return found


def _located(name: str, given: dict[str, list[Label | None]], known: dict[str, Logged]) -> list[Given]:
    unknown = [key for key in given if key not in known]
    if unknown:
        some = ", ".join(repr(key[:100]) for key in unknown[:5])
        raise Invalid(
            f"{len(unknown)} of {len(given)} labels are of requests that the log of endpoint {name} does not have: {some}."
            " Nothing was stored."
        )
    found = []
    for key, values in given.items():
        logged = known[key]
        if len(values) > logged.rows:
            raise Invalid(f"request {key[:100]!r} has {logged.rows} rows and {len(values)} labels. Nothing was stored.")
        for row, value in enumerate(values):
            if value is not None:
                text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
                found.append(Given(key, row, logged.at, text))
    return found


def _reopen(tx: Tx, name: str, found: list[Given]) -> int:
    """Schedule the windows of these requests again, as far back as each monitor allows."""
    days = sorted({(each.at // DAY_MS) * DAY_MS for each in found})
    reopened = 0
    for monitor in store.all_of_workspace(tx):
        if monitor.config.target.endpoint != name:
            continue
        since = tx.now - monitor.config.label_days * DAY_MS
        marked = sum(
            store.mark_stale(tx, monitor, max(min(at), since), max(at) + 1, since)
            for day in days
            if (at := [each.at for each in found if day <= each.at < day + DAY_MS]) and max(at) >= since
        )
        if marked and (monitor.next_at > tx.now + SOON_MS or not monitor.next_at):
            store.note_next(tx, monitor, tx.now + SOON_MS)
        reopened += marked
    return reopened
