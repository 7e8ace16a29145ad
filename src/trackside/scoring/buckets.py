"""Tables in S3, Google Cloud Storage and Azure, in buckets that the operator allows."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from trackside.artifacts import keys
from trackside.artifacts.blobs import Blobs, Folder
from trackside.artifacts.roots import Spot, make_blobs
from trackside.core.errors import Denied, Fault, Invalid, NotFound, Unavailable, Unsupported
from trackside.core.locations import LocationError
from trackside.core.places import Place, is_plain_bucket, parse, within
from trackside.scoring import places


class Table(Struct, frozen=True):
    """A file, or a folder of files, in a bucket.  `root` is the setting of the operator, and `key` the path below it.

    `name` is the job's parameter with the table.  Each method opens the bucket with the credentials of the server."""

    name: str
    root: Place
    key: str

    def __str__(self) -> str:
        return str(self.root.below(self.key))

    def beside(self, ending: str) -> "Table":
        """Return the file with this suffix added to the name."""
        return Table(self.name, self.root, self.key.rstrip("/") + ending)

    def below(self, path: str) -> "Table":
        """Return a file or folder in the folder."""
        return Table(self.name, self.root, keys.join(self.key, keys.checked(path)))

    def exists(self) -> bool:
        """Return whether the file exists.  Raise Invalid for a folder."""
        with self._opened() as blobs:
            try:
                blobs.stat(self.key)
            except NotFound:
                return False
            except Folder:
                raise Invalid("it is a folder; name a file") from None
            return True

    def is_empty(self) -> bool:
        """Return whether the location has no file, and no file below it."""
        with self._opened() as blobs:
            if next(iter(blobs.walk(self.key)), None) is not None:
                return False
            try:
                blobs.stat(self.key)
            except (NotFound, Folder):
                return True
            return False

    def fetch(self, kind: str, folder: Path, check: Callable[[], None]) -> list[Path]:
        """Download the file, or the files of the folder, and return the copies by name."""
        with self._opened() as blobs:
            try:
                return places.fetch(Spot(blobs, self.key), kind, folder, check)
            except NotFound:
                raise NotFound("it does not exist") from None

    def fetch_tree(self, folder: Path, check: Callable[[], None]) -> Path:
        """Download all files of the folder, and return the copy."""
        with self._opened() as blobs:
            return places.fetch_tree(Spot(blobs, self.key), folder, check)

    def remove(self) -> None:
        """Remove the file, if it exists."""
        with self._opened() as blobs, suppress(NotFound):
            blobs.stat(self.key)
            blobs.delete(self.key)

    def put(self, source: Path, check: Callable[[], None]) -> None:
        """Upload a local file atomically."""
        with self._opened() as blobs:
            places.put_file(Spot(blobs, self.key), source, check)

    def put_new(self, content: bytes) -> bool:
        """Store a file unless one exists, and return whether it was stored."""
        from trackside.artifacts.cloud import CloudBlobs  # noqa: PLC0415  # an extra: most servers never need it

        with self._opened() as blobs:
            assert isinstance(blobs, CloudBlobs)
            return blobs.put_new(self.key, content)

    @contextmanager
    def _opened(self) -> Iterator[Blobs]:
        """Open the bucket.  The message of a fault contains the table."""
        try:
            with closing(make_blobs(str(self.root))) as blobs:
                yield blobs
        except LocationError as error:
            raise Unsupported(f"{self.name} is '{self}': the server cannot open the bucket: {error}") from None
        except Fault as fault:
            known = next((kind for kind in (NotFound, Denied, Unavailable) if isinstance(fault, kind)), Invalid)
            raise known(f"{self.name} is '{self}': {fault.message.removesuffix('.')}.") from None


class Buckets:
    """The buckets, and parts of buckets, that jobs may use."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = [parse(each) for each in allowed]

    def checked(self, name: str, given: str) -> Table:
        """Return the table of a URI.  Raise Denied for a URI outside of the buckets, Invalid for an invalid URI."""
        place = parse(given)
        if not is_plain_bucket(place):
            raise Invalid(
                f"{name} is {given[:200]!r}; a table in a bucket is such as s3://BUCKET/FOLDER/FILE.parquet, without % escapes"
            )
        for root in self._allowed:
            key = within(place, root)
            if key is not None:
                return Table(name, root, keys.checked(key))
        raise Denied(f"{name} is {given[:200]!r}, which is below none of the server's --job-buckets")
