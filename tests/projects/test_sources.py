"""Archives of projects: extraction and refusals."""

import gzip
import io
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from trackside.core.errors import Invalid
from trackside.projects import sources


def packed(folder: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    path = folder / "project.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def unpack(path: Path) -> list[str]:
    folder = path.with_name("code")
    folder.mkdir()
    sources.unpack(path, folder, lambda: None)
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*"))


def test_files_and_folders_with_long_names_are_unpacked(tmp_path: Path) -> None:
    names = ["MLproject", "src/" + "long-" * 40 + "/train.py"]
    path = packed(tmp_path, *((tarfile.TarInfo(name), b"x" * 100_000) for name in names))

    assert [each for each in unpack(path) if each.endswith(("MLproject", ".py"))] == names


@pytest.mark.slow
def test_an_extended_header_of_any_size_is_not_read_into_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type = tarfile.XHDTYPE
    header.size = 256 << 20
    path = tmp_path / "project.tar.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(header.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(256):
            file.write(bytes(1 << 20))
    tracemalloc.start()

    with pytest.raises(Invalid, match="cannot be unpacked"):
        unpack(path)

    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def test_a_file_of_negative_size_is_refused(tmp_path: Path) -> None:
    member = tarfile.TarInfo("x")
    member.size = -512
    path = tmp_path / "project.tar.gz"
    path.write_bytes(gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(1024)))

    with pytest.raises(Invalid, match="cannot be unpacked"):
        unpack(path)


@pytest.mark.parametrize(
    "said",
    [
        {"mtime": "nan"},
        {"mtime": "1e300"},
        {"path": "a\0b"},
        {"GNU.sparse.map": "abc"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"},
    ],
    ids=str,
)
def test_an_invalid_extended_header_is_refused(tmp_path: Path, said: dict[str, str]) -> None:
    member = tarfile.TarInfo("x")
    member.pax_headers = said

    with pytest.raises(Invalid, match="cannot be unpacked"):
        unpack(packed(tmp_path, (member, b"abc")))


def test_a_hard_link_to_a_missing_member_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("x")
    link.type, link.linkname = tarfile.LNKTYPE, "missing"

    with pytest.raises(Invalid, match="cannot be unpacked"):
        unpack(packed(tmp_path, (link, b"")))


@pytest.mark.slow
def test_a_sparse_map_of_any_size_is_not_read_into_memory(tmp_path: Path) -> None:
    member = tarfile.TarInfo("x")
    member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    path = tmp_path / "project.tar.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(member.tobuf(tarfile.PAX_FORMAT))
        file.write(b"100000000\n")
        for _ in range(16):
            file.write(b"0\n" * (1 << 19))
    tracemalloc.start()

    with pytest.raises(Invalid, match="cannot be unpacked"):
        unpack(path)

    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def test_a_sparse_file_cannot_have_more_bytes_than_its_size(tmp_path: Path) -> None:
    member = tarfile.TarInfo("x")
    member.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.realsize": "10",
    }
    holes = b"1\n0\n100000000\n".ljust(512, b"\0")

    with pytest.raises(Invalid, match="cannot be unpacked"):
        unpack(packed(tmp_path, (member, holes + bytes(4 << 20))))

    assert (tmp_path / "code" / "x").stat().st_size < 1 << 20


def test_a_link_does_not_copy_a_file_once_more(tmp_path: Path) -> None:
    first, second = tarfile.TarInfo("s"), tarfile.TarInfo("s")
    first.type = second.type = tarfile.SYMTYPE
    first.linkname, second.linkname = "t", "nowhere"
    folder, file, link = tarfile.TarInfo("t"), tarfile.TarInfo("s/x"), tarfile.TarInfo("copy")
    folder.type, folder.mode = tarfile.DIRTYPE, 0o755
    link.type, link.linkname = tarfile.LNKTYPE, "s/x"

    with pytest.raises(Invalid, match="cannot be unpacked"):
        unpack(packed(tmp_path, (folder, b""), (first, b""), (file, b"x" * 100_000), (second, b""), (link, b"")))


def test_a_truncated_or_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, (tarfile.TarInfo("x"), b"x" * 100_000))
    whole = path.read_bytes()

    for number, damaged in enumerate(
        (whole[: len(whole) // 2], whole[:40] + b"\xff" * 40 + whole[80:], b"", b"no archive")
    ):
        case = tmp_path / str(number)
        case.mkdir()
        (case / "project.tar.gz").write_bytes(damaged)
        with pytest.raises(Invalid, match="cannot be unpacked"):
            unpack(case / "project.tar.gz")


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_a_name_outside_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path, (tarfile.TarInfo(name), b"x"))

    if name.startswith("/"):
        assert unpack(path) == ["x"]
    else:
        with pytest.raises(Invalid, match="cannot be unpacked"):
            unpack(path)
    assert not (tmp_path / "x").exists()


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("x")
    link.type, link.linkname = tarfile.SYMTYPE, "../../secret"

    with pytest.raises(Invalid, match="cannot be unpacked"):
        unpack(packed(tmp_path, (link, b"")))
