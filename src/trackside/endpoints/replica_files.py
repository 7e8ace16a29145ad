"""The files of a model for replicas on other machines: one archive, for callers with that replica's secret."""

import hmac
import re
import tempfile
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import IO

from trackside.core.access import Action
from trackside.core.errors import NotFound
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.endpoints.keys import WrongKey

PATH = "/api/v1/replica-files/{name}"
PIECE_BYTES = 1 << 20
_NAME = re.compile(r"[0-9]{1,18}-[0-9]{1,18}")


class Files:
    """`folder` has the models by deployment and generation; `token_of` returns the secret of each."""

    def __init__(self, folder: Path, token_of: Callable[[str], str]) -> None:
        self._folder = folder
        self._token_of = token_of

    async def get(self, request: Request) -> Response:
        name = request.params["name"]
        if _NAME.fullmatch(name) is None:
            raise NotFound(f"There is no model {name[:100]!r}")
        scheme, _, token = request.headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(
            token.strip(), self._token_of(f"files {name}").encode()
        ):
            raise WrongKey("Only the replicas of a model may read its files, with their secret.")
        folder = self._folder / name
        if not folder.is_dir():
            raise NotFound(f"There is no model {name!r}")
        packed = await request.in_thread(_packed, folder)
        return Response(200, [(b"content-type", b"application/x-tar")], _pieces(request, packed))


def _packed(folder: Path) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it was sent
    import tarfile  # noqa: PLC0415  # most servers never need it

    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.add(folder, arcname=".")
    file.seek(0)
    return file


async def _pieces(request: Request, file: IO[bytes]) -> AsyncGenerator[bytes, None]:
    try:
        while piece := await request.in_thread(file.read, PIECE_BYTES):
            yield piece
    finally:
        file.close()


def routes(folder: Path, token_of: Callable[[str], str]) -> list[Route]:
    files = Files(folder, token_of)
    return [
        stream(
            f"GET {PATH}",
            files.get,
            needs=Action.ANYONE,  # the handler checks the replica's own secret
            has_workspace=False,
            media="application/x-tar",
            summary="Returns the files of a model to its replicas on other machines.",
        )
    ]
