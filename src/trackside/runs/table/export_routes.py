"""Calls that export runs and points."""

from collections.abc import AsyncGenerator, Iterator

from trackside.core.access import Action
from trackside.core.http import codec
from trackside.core.http.calls import check_content_type
from trackside.core.http.routes import LISTED, Route, stream
from trackside.core.http.streams import Request, Response
from trackside.runs.table import export
from trackside.runs.table.export import ExportPoints, ExportRuns


class Calls:
    async def runs(self, request: Request) -> Response:
        """Export a table of runs as CSV or JSON Lines."""
        check_content_type(request.headers.get(b"content-type"))
        call: ExportRuns = codec.decode_body(ExportRuns, await request.whole_body())
        return await self._answer(request, call.format, "runs", export.table(request.reading, call))

    async def points(self, request: Request) -> Response:
        """Export the points of metric series as CSV or JSON Lines."""
        check_content_type(request.headers.get(b"content-type"))
        call: ExportPoints = codec.decode_body(ExportPoints, await request.whole_body())
        return await self._answer(request, call.format, "metrics", export.points(request.reading, call))

    async def _answer(self, request: Request, form: str | None, name: str, pieces: Iterator[bytes]) -> Response:
        request.check_room_of_pieces()
        media = export.media(form)
        first = await request.in_thread(next, pieces, b"")  # so that an invalid call is answered with an error
        headers = [
            (b"content-type", media),
            (b"content-disposition", f'attachment; filename="{name}.{form or "csv"}"'.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        return Response(200, headers, _in_turn(request, first, pieces))


async def _in_turn(request: Request, first: bytes, pieces: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    piece: bytes | None = first
    while piece is not None:
        if piece:
            yield piece
        piece = await request.in_thread(next, pieces, None)


def routes() -> list[Route]:
    calls = Calls()
    ours, read = "/api/trackside/v1", Action.RUNS_READ
    return [
        stream(f"POST {ours}/runs/export", calls.runs, call=ExportRuns, needs=read, on=LISTED, media="text/csv"),
        stream(f"POST {ours}/metrics/export", calls.points, call=ExportPoints, needs=read, on=LISTED, media="text/csv"),
    ]
