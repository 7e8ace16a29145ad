"""The calls of request logs: settings, rows, downloads."""

import importlib.util
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import IO, Any

from trackside.core import disk
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, Unsupported
from trackside.core.http import codec
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.core.http.targets import by
from trackside.endpoints import store as endpoints
from trackside.endpoints.model import Endpoint
from trackside.endpoints.request_log import files, model, store
from trackside.endpoints.request_log.model import LogSettings
from trackside.endpoints.request_log.recorder import Recorder
from trackside.workspaces import store as workspaces

PATH = "/api/trackside/v1/endpoints/{name}/request-log"
PARQUET = "application/vnd.apache.parquet"
MEDIA = {
    model.TableFormat.PARQUET: (PARQUET, "requests.parquet"),
    model.TableFormat.CSV: ("text/csv; charset=utf-8", "requests.csv"),
    model.TableFormat.DAILY: ("application/zip", "requests.zip"),
}
PIECE_BYTES = 1 << 20


class Calls:
    """`changed` makes the router read the settings again."""

    def __init__(self, recorder: Recorder, changed: Callable[[], object]) -> None:
        self._recorder = recorder
        self._changed = changed

    async def put(self, request: Request) -> Response:
        call = codec.decode_body(model.PutRequestLog, await request.whole_body())
        _check_pyarrow()
        name = request.params["name"]

        def write(tx: Tx) -> tuple[Endpoint, LogSettings]:
            endpoint = endpoints.lock(tx, name)
            settings = model.check_settings(call, store.find(tx, endpoint) or LogSettings())
            store.put(tx, endpoint, settings)
            return endpoint, settings

        endpoint, settings = await request.write(write)
        await request.in_thread(self._changed)
        return await self._shown(request, endpoint, settings)

    async def get(self, request: Request) -> Response:
        name = request.params["name"]

        def read(tx: Tx) -> tuple[Endpoint, LogSettings | None]:
            endpoint = endpoints.get(tx, name)
            return endpoint, store.find(tx, endpoint)

        return await self._shown(request, *await request.read(read))

    async def delete(self, request: Request) -> Response:
        name, given = request.params["name"], request.query.get("files", ["false"])[-1]
        if given not in ("true", "false"):
            raise Invalid(f"files is {given[:20]!r}; it must be true or false.")

        def write(tx: Tx) -> Endpoint:
            endpoint = endpoints.lock(tx, name)
            store.delete(tx, endpoint)
            return endpoint

        endpoint = await request.write(write)
        await request.in_thread(self._changed)
        if given == "true":
            await request.in_thread(self._recorder.forget, endpoint.endpoint_seq)
        return await self._shown(request, endpoint, None)

    async def rows(self, request: Request) -> Response:
        given = request.query.get("limit", [str(model.DEFAULT_ROWS)])[-1]
        if not given.isdecimal() or len(given) > 6 or not 1 <= int(given) <= model.MAX_ROWS:
            raise Invalid(f"limit is {given[:20]!r}; it must be a number from 1 to {model.MAX_ROWS}.")
        endpoint, wanted = await self._range(request)

        def read() -> list[dict[str, Any]]:
            from trackside.endpoints.request_log import reading  # noqa: PLC0415  # needs an extra

            self._recorder.flush()
            return reading.newest(self._place(endpoint), wanted, int(given))

        body = codec.encode(model.Rows(rows=await request.in_thread(read)))
        return Response(200, [(b"content-type", b"application/json")], body)

    async def table(self, request: Request) -> Response:
        kind = model.check_format(request.query.get("format", [model.TableFormat.PARQUET])[-1])
        endpoint, wanted = await self._range(request)
        found = await request.read(workspaces.current)
        place = self._place(endpoint)
        target = files.table_file(self._recorder.folder)

        def write() -> IO[bytes] | None:
            from trackside.endpoints.request_log import csv_files, reading  # noqa: PLC0415  # need an extra

            self._recorder.flush()
            if not place.all():
                return None
            try:
                if kind is model.TableFormat.PARQUET:
                    reading.write(place, wanted, target)
                elif kind is model.TableFormat.CSV:
                    csv_files.write(place, wanted, target)
                else:
                    prefix = csv_files.Prefix(found.subscription_id, found.resource_group, found.name, endpoint.name)
                    csv_files.write_days(place, wanted, prefix, target)
                return target.open("rb")
            finally:
                target.unlink(missing_ok=True)  # the open file stays readable

        disk.make_folder(self._recorder.folder)
        file = await request.in_thread(write)
        if file is None:
            raise Invalid(f"Endpoint {endpoint.name} has no logged requests.")
        media, name = MEDIA[kind]
        headers = [
            (b"content-type", media.encode()),
            (b"content-disposition", f'attachment; filename="{name}"'.encode()),
        ]
        return Response(200, headers, _pieces(request.in_thread, file))

    def _place(self, endpoint: Endpoint) -> files.Place:
        return files.place(self._recorder.folder, endpoint.endpoint_seq)

    async def _range(self, request: Request) -> tuple[Endpoint, model.Range]:
        _check_pyarrow()
        since, until, deployment = (request.query.get(each, [""])[-1] for each in ("since", "until", "deployment"))
        name = request.params["name"]
        return await request.read(
            lambda tx: (endpoints.get(tx, name), model.check_range(since, until, deployment, tx.now))
        )

    async def _shown(self, request: Request, endpoint: Endpoint, settings: LogSettings | None) -> Response:
        found = await request.in_thread(self._place(endpoint).all)
        times = {"oldest": found[0].hour, "newest": found[-1].hour} if found else {}
        chosen = (
            {}
            if settings is None
            else {"sampling": settings.sampling, "max_mb": settings.max_mb, "keep_days": settings.keep_days}
        )
        shown = model.ShownRequestLog(
            is_on=settings is not None,
            files=len(found),
            size_bytes=sum(each.size_bytes for each in found),
            counters=self._recorder.counters(endpoint.endpoint_seq),
            days=_by_day(found),
            **times,
            **chosen,  # type: ignore[arg-type]  # one type each
        )
        body = codec.encode(model.GotRequestLog(request_log=shown))
        return Response(200, [(b"content-type", b"application/json")], body)


def _by_day(found: Iterable[files.Parquet]) -> list[model.LoggedDay]:
    sizes: dict[str, list[int]] = {}
    for each in found:
        sizes.setdefault(each.day, []).append(each.size_bytes)
    return [model.LoggedDay(day, len(sizes[day]), sum(sizes[day])) for day in sorted(sizes, reverse=True)]


def routes(recorder: Recorder, changed: Callable[[], object]) -> list[Route]:
    calls = Calls(recorder, changed)
    read, write, requests = Action.ENDPOINTS_READ, Action.ENDPOINTS_WRITE, Action.ENDPOINTS_REQUESTS
    got, at = model.GotRequestLog, by("endpoint", "name")
    return [
        stream(f"GET {PATH}", calls.get, on=at, call=model.RequestLogCall, needs=read, answer=got),
        stream(f"PUT {PATH}", calls.put, on=at, call=model.PutRequestLog, needs=write, answer=got),
        stream(f"DELETE {PATH}", calls.delete, on=at, arguments=model.DeleteRequestLog, needs=write, answer=got),
        stream(f"GET {PATH}/rows", calls.rows, on=at, arguments=model.RowsCall, needs=requests, answer=model.Rows),
        stream(
            f"GET {PATH}/table",
            calls.table,
            on=at,
            arguments=model.TableCall,
            needs=requests,
            media=PARQUET,
            summary="Returns logged requests as one Parquet or CSV file, or as a zip of CSV files by day.",
        ),
    ]


async def _pieces(in_thread: Callable[..., Awaitable[bytes]], file: IO[bytes]) -> AsyncGenerator[bytes, None]:
    try:
        while piece := await in_thread(file.read, PIECE_BYTES):
            yield piece
    finally:
        file.close()


def _check_pyarrow() -> None:
    if importlib.util.find_spec("pyarrow") is None:
        raise Unsupported(
            "The request log needs pyarrow, which is not installed on the server: run `pip install 'trackside[drift]'` there."
        )
