"""Finds the files of a source by the URIs that it stores: folders of this machine, buckets, a server's proxy."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, unquote, urlencode, urlsplit

from trackside.artifacts.blobs import PIECE_BYTES, Blobs
from trackside.core import locations
from trackside.core.errors import Fault
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RequestRejected
from trackside.core.locations import CLOUD_SCHEMES, LocationError
from trackside.imports.source import Place, Unreadable
from trackside.sync.remote.mlflow.files import PROXY
from trackside.sync.remote.mlflow.wire import proxied_path

PROXIED_FOLDER = "mlartifacts"  # the default folder of `mlflow server` for artifacts behind its proxy
MODEL_FILE = "MLmodel"  # marks the folder of an MLflow model


class Folder:
    """A folder of this machine.  Symbolic links out of it are not followed: their target may be anything."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def is_there(self) -> bool:
        return self._path.is_dir()

    @property
    def is_model(self) -> bool:
        return (self._path / MODEL_FILE).is_file()

    def is_below(self, folder: Path) -> bool:
        """Return whether the real path is inside `folder`."""
        return self._path.resolve().is_relative_to(folder.resolve())

    def files(self) -> dict[str, int]:
        found: dict[str, int] = {}
        try:
            for folder, names, files in os.walk(self._path, onerror=_raise):
                names.sort()
                for name in sorted(files):
                    path = Path(folder) / name
                    if path.is_file() and (not path.is_symlink() or Folder(path).is_below(self._path)):
                        found[path.relative_to(self._path).as_posix()] = path.stat().st_size
        except FileNotFoundError:
            if self._path.exists():
                raise Unreadable(f"{self._path} changed while it was read") from None
            return {}
        except OSError as error:
            raise Unreadable(f"{self._path} cannot be read: {error.strerror or error}") from None
        return found

    def open(self, path: str) -> Iterator[bytes]:
        if not Folder(self._path / path).is_below(self._path):
            raise Unreadable(f"{self._path / path} leads out of {self._path}")
        try:
            with (self._path / path).open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece
        except OSError as error:
            raise Unreadable(f"{self._path / path} cannot be read: {error.strerror or error}") from None


class InBucket:
    def __init__(self, blobs: Blobs, key: str) -> None:
        self._blobs = blobs
        self._key = key

    def files(self) -> dict[str, int]:
        try:
            return {entry.path: entry.size_bytes for entry in self._blobs.walk(self._key)}
        except Fault as fault:
            raise Unreadable(fault.message) from None

    def open(self, path: str) -> Iterator[bytes]:
        try:
            download = self._blobs.open(f"{self._key}/{path}")
            try:
                yield from download.chunks()
            finally:
                download.close()
        except Fault as fault:
            raise Unreadable(fault.message) from None


class Proxied:
    """The files behind the proxy of a running `mlflow server`."""

    def __init__(self, http: HttpClient, path: str) -> None:
        self._http = http
        self._path = path

    def files(self) -> dict[str, int]:
        found: dict[str, int] = {}
        folders = [""]
        while folders:
            folder = folders.pop()
            where = f"{self._path}/{folder}".rstrip("/")
            try:
                listed = self._http.json("GET", f"{PROXY.rstrip('/')}?{urlencode({'path': where})}").get("files", [])
            except RequestRejected as refused:
                if refused.status == 404:
                    continue
                raise Unreadable(str(refused)) from None
            for each in listed:
                path = f"{folder}/{each['path'].rpartition('/')[2]}".lstrip("/")
                if each.get("is_dir"):
                    folders.append(path)
                else:
                    found[path] = int(each.get("file_size") or 0)
        return found

    def open(self, path: str) -> Iterator[bytes]:
        try:
            with closing(self._http.download(f"{PROXY}{quote(f'{self._path}/{path}')}")) as incoming:
                yield from incoming
        except RequestRejected as refused:
            raise Unreadable(str(refused)) from None


class UnreadableFiles:
    """Files that this machine cannot read."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def files(self) -> Mapping[str, int]:
        raise Unreadable(self._reason)

    def open(self, path: str) -> Iterator[bytes]:
        del path
        raise Unreadable(self._reason)


class Finder:
    """Finds places.  `bases` are the folders that relative paths may start from.  `said` are folders and buckets that the user
    named, below which everything may be read.  `mlflow-artifacts:/` is behind `http`, a server's proxy; else it is the first of
    `said`; else `mlartifacts` in one of the bases.

    `is_ours`: the source is the user's own store, whose places are trusted.  Otherwise only places below one of `said`, or behind
    a server's proxy, are read: files are read with the rights of the user, and a server could name any of them."""

    def __init__(
        self, bases: Sequence[Path], said: Sequence[str] = (), http: HttpClient | None = None, *, is_ours: bool = True
    ) -> None:
        self._bases = list(bases)
        self._said = list(said)
        self._http = http
        self._is_ours = is_ours
        self._buckets: dict[str, Blobs] = {}
        if not said and is_ours:
            self._said = [str(base / PROXIED_FOLDER) for base in bases if (base / PROXIED_FOLDER).is_dir()][:1]

    def at(self, uri: str) -> Place:
        proxied = proxied_path(uri)
        if proxied is not None:
            return self._behind_proxy(uri, unquote(proxied))
        scheme = _scheme(uri)
        if scheme in ("", "file"):
            return self._local(uri, scheme)
        if scheme in (*CLOUD_SCHEMES, "wasbs"):
            return self._in_bucket(uri)
        return UnreadableFiles(f"{uri}: files at {scheme}:// are not supported")

    def of_version(self, uri: str) -> Place:
        """Return the place of files that belong to no run and no logged model.

        The user who registered such a version may have named any location.  A folder of this machine is read only if it is a
        model or the user of the import named it; a bucket is read only if the user of the import named it."""
        try:
            place = self.at(uri)
            if isinstance(place, InBucket) and proxied_path(uri) is None and not self._is_given_bucket(uri):
                return UnreadableFiles(
                    f"{uri} is a bucket that another user named, so it is not read with your credentials. To read it, name it: "
                    "--artifacts BUCKET"
                )
            if not isinstance(place, Folder) or not place.is_there or place.is_model or self._is_given_folder(place):
                return place
        except OSError as error:  # the name is too long
            return UnreadableFiles(f"{uri} cannot be read: {error.strerror}")
        return UnreadableFiles(
            f"{uri} is not a model: it has no {MODEL_FILE}. To read it, name a folder above it: --artifacts FOLDER"
        )

    def close(self) -> None:
        for blobs in self._buckets.values():
            blobs.close()
        if self._http is not None:
            self._http.close()

    def _behind_proxy(self, uri: str, path: str) -> Place:
        if ".." in path.split("/"):
            return UnreadableFiles(f"{uri} leads outside of its root")
        if self._http is not None:
            return Proxied(self._http, path)
        if not self._said:
            return UnreadableFiles(
                f"{uri}: only the source's server has this location; name it by --artifacts FOLDER|BUCKET|URL of the server"
            )
        root = self._said[0]
        return self.at(f"{root.rstrip('/')}/{quote(path) if '://' in root else path}")

    def _local(self, uri: str, scheme: str) -> Place:
        text = uri
        if scheme:
            parts = urlsplit(uri)
            if parts.netloc not in ("", "localhost"):
                return UnreadableFiles(f"{uri} names a folder on another host")
            text = unquote(parts.path)
        if not text:
            return UnreadableFiles("the source does not say where the files are")
        if not self._is_ours and not self._folders():
            return UnreadableFiles(
                f"{uri} is a path that the server named, so it is not read on this machine. If the server's files are here, "
                "name their folder: --artifacts FOLDER"
            )
        path = Path(text)
        found = [path] if path.is_absolute() else [base / path for base in self._bases]
        folder = Folder(next((each for each in found if each.exists()), found[0]))
        if not self._is_ours and not self._is_given_folder(folder):
            folders = " or ".join(map(str, self._folders()))
            return UnreadableFiles(f"{uri} is not below {folders}, the folder of --artifacts")
        return folder

    def _folders(self) -> list[Path]:
        """Return the places that `said` names."""
        found = [each for each in self._said if _scheme(each) in ("", "file")]
        return [Path(unquote(urlsplit(each).path) if _scheme(each) else each) for each in found]

    def _is_given_folder(self, folder: Folder) -> bool:
        try:
            return any(folder.is_below(said) for said in self._folders())
        except (OSError, RuntimeError, ValueError):  # too long, a cycle of symbolic links, or not a path
            return False

    def _in_bucket(self, uri: str) -> Place:
        try:
            url = locations.artifacts(uri).url  # one spelling for Azure's several
            if not self._is_ours and not self._is_given_bucket(uri):
                return UnreadableFiles(
                    f"{uri} is a bucket that the server named, so it is not read with your credentials. If the server's files "
                    "are there, name it: --artifacts BUCKET"
                )
            parts = urlsplit(url)
            bucket = f"{parts.scheme}://{parts.netloc}"
            if bucket not in self._buckets:
                from trackside.artifacts.cloud import CloudBlobs  # noqa: PLC0415  # an extra

                self._buckets[bucket] = CloudBlobs.at(bucket)
        except LocationError as error:
            return UnreadableFiles(f"{uri}: {error}")
        return InBucket(self._buckets[bucket], unquote(parts.path).strip("/"))

    def _is_given_bucket(self, uri: str) -> bool:
        url = locations.artifacts(uri).url
        if ".." in unquote(url).split("/"):
            return False
        said = [locations.artifacts(each).url for each in self._said if _scheme(each) in (*CLOUD_SCHEMES, "wasbs")]
        return any(f"{url.rstrip('/')}/".startswith(f"{each.rstrip('/')}/") for each in said)


def _scheme(uri: str) -> str:
    return "" if "://" not in uri and not uri.startswith("file:") else urlsplit(uri).scheme


def sized(place: Place, path: str, size: int) -> Iterator[bytes]:
    """Yield the bytes of a file of the listed size; raise if the file was changed meanwhile."""
    total = 0
    for piece in place.open(path):
        total += len(piece)
        if total > size:
            break
        yield piece
    if total != size:
        raise Unreadable(f"it had {size} bytes when it was listed, and was changed since")


def _raise(error: OSError) -> None:
    raise error
