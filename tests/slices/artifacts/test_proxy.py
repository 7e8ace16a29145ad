"""The artifact proxy on the wire: put, get, list, delete, and what it refuses."""

from urllib.parse import quote

import pytest

from support.processes.artifact_server import Server

PROXY = "/api/2.0/mlflow-artifacts/artifacts"


def test_a_file_is_uploaded_and_downloaded(server: Server, place: str) -> None:
    put = server.ask("PUT", f"{place}/model/weights.bin", b"\0\1\2" * 1000)
    got = server.ask("GET", f"{place}/model/weights.bin")

    assert (put.status, put.body) == (200, b"")
    assert (got.status, got.body) == (200, b"\0\1\2" * 1000)
    assert got.headers["content-length"] == "3000"
    assert got.headers["accept-ranges"] == "bytes"
    assert got.headers["x-content-type-options"] == "nosniff"


def test_a_file_is_never_served_as_a_page_of_the_server(server: Server, place: str, subtests: pytest.Subtests) -> None:
    for name in ("page.html", "image.svg", "page.xhtml", "doc.pdf", "text.txt", "x.js"):
        with subtests.test(name=name):
            server.ask("PUT", f"{place}/{name}", b"<script>alert(1)</script>")

            for headers in ({}, {"range": "bytes=0-3"}):
                got = server.ask("GET", f"{place}/{name}", **headers)
                policy = got.headers["content-security-policy"]
                assert {"sandbox", "default-src 'none'", "frame-ancestors 'self'"} <= set(policy.split("; "))
                assert got.headers["content-disposition"].startswith("attachment")


def test_a_large_file_is_uploaded_and_downloaded(server: Server, place: str) -> None:
    body = bytes(range(256)) * (20 << 12)  # 20 MiB

    assert server.ask("PUT", f"{place}/large", body).status == 200

    assert server.ask("GET", f"{place}/large").body == body


def test_a_chunked_body_is_stored_as_one_file(server: Server, place: str) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [b"a" * 100_000, b"b", b"c" * 2_000_000])

    with server.connect() as client:
        client.sendall(b"PUT %s/chunked HTTP/1.1\r\nHost: localhost\r\n" % place.encode())
        client.sendall(b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")

    assert server.ask("GET", f"{place}/chunked").body == b"a" * 100_000 + b"b" + b"c" * 2_000_000


def test_a_second_put_replaces_the_first(server: Server, place: str) -> None:
    server.ask("PUT", f"{place}/file", b"one")
    server.ask("PUT", f"{place}/file", b"")

    assert server.ask("GET", f"{place}/file").body == b""


def test_the_ui_paths_serve_the_same_proxy(server: Server, place: str) -> None:
    ajax = place.replace("/api/", "/ajax-api/", 1)

    server.ask("PUT", f"{ajax}/file", b"one")

    assert server.ask("GET", f"{place}/file").body == b"one"
    assert server.ask("GET", f"{ajax}/file").body == b"one"
    assert server.ask("DELETE", f"{ajax}/file").body == b"{}"
    assert server.ask("GET", f"{place}/file").status == 404


def test_a_listing_names_what_a_folder_holds(server: Server, place: str) -> None:
    for name in ("b.txt", "a/deep.txt", "empty"):
        server.ask("PUT", f"{place}/list/{name}", b"12" if name != "empty" else b"")
    folder = place.removeprefix(PROXY + "/") + "/list"

    listed = server.ask("GET", f"{PROXY}?path={quote(folder)}")

    assert listed.headers["content-type"] == "application/json"
    assert listed.json == {
        "files": [
            {"path": "a", "is_dir": True},
            {"path": "b.txt", "is_dir": False, "file_size": 2},
            {"path": "empty", "is_dir": False, "file_size": 0},
        ]
    }


def test_a_path_that_is_not_a_folder_has_an_empty_listing(
    server: Server, place: str, subtests: pytest.Subtests
) -> None:
    server.ask("PUT", f"{place}/file", b"1")
    folder = place.removeprefix(PROXY + "/")

    for path in ("nowhere", f"{folder}/file", f"{folder}/file/below"):
        with subtests.test(path=path):
            listed = server.ask("GET", f"{PROXY}?path={path}")
            assert (listed.status, listed.json) == (200, {})


def test_the_root_is_listed_without_the_part_of_the_workspaces(server: Server, place: str) -> None:
    server.ask("PUT", f"{PROXY}/0/file", b"1")
    server.ask("PUT", f"{PROXY}/0/file", b"1", workspace="north")

    for root in (PROXY, f"{PROXY}?path="):
        names = [entry["path"] for entry in server.ask("GET", root).json["files"]]
        assert "0" in names
        assert not {"workspaces", ".uploads"} & set(names)


def test_a_missing_file_is_not_found(server: Server, place: str) -> None:
    key = place.removeprefix(PROXY + "/") + "/nothing.txt"

    missing = server.ask("GET", f"{place}/nothing.txt")

    assert missing.fault == (404, "RESOURCE_DOES_NOT_EXIST", f"No such artifact: '{key}'")


def test_a_folder_is_not_opened_as_a_file(server: Server, place: str) -> None:
    server.ask("PUT", f"{place}/file", b"1")
    key = place.removeprefix(PROXY + "/")

    for path in (place, place + "/"):
        assert server.ask("GET", path).fault == (
            400,
            "INVALID_PARAMETER_VALUE",
            f"Artifact path refers to a directory, not a file: '{key}'",
        )


def test_a_file_cannot_replace_a_folder_or_be_put_below_a_file(server: Server, place: str) -> None:
    server.ask("PUT", f"{place}/folder/file", b"1")

    for path in ("folder", "folder/file/below"):
        refused = server.ask("PUT", f"{place}/{path}", b"2")
        assert (refused.status, refused.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert server.ask("GET", f"{place}/folder/file").body == b"1"


def test_a_put_to_a_path_with_a_trailing_slash_is_refused(server: Server, place: str) -> None:
    for path in (f"{place}/folder/", f"{place}/folder%2f", f"{PROXY}/"):
        assert server.ask("PUT", path, b"1").status == 400
    assert server.ask("GET", f"{PROXY}?path={place.removeprefix(PROXY + '/')}").json == {}


def test_deleting_a_file_or_a_folder_twice_is_harmless(server: Server, place: str) -> None:
    for name in ("file", "tree/a", "tree/deep/b"):
        server.ask("PUT", f"{place}/{name}", b"1")

    for path in ("file", "file", "tree", "tree/", "never/was"):
        gone = server.ask("DELETE", f"{place}/{path}")
        assert (gone.status, gone.json) == (200, {})
    assert server.ask("GET", f"{PROXY}?path={place.removeprefix(PROXY + '/')}").json == {}


def test_no_call_deletes_the_folder_of_a_workspace(server: Server, place: str, subtests: pytest.Subtests) -> None:
    paths = ["", ".", "./", "%2e", "%252e/", "workspaces", "workspaces/default", "workspaces/north"]

    for workspace in ("default", "north"):
        server.ask("PUT", f"{place}/file", b"1", workspace=workspace)
        for path in paths:
            with subtests.test(path=path, workspace=workspace):
                assert server.ask("DELETE", f"{PROXY}/{path}", workspace=workspace).status == 400
                assert server.ask("GET", f"{place}/file", workspace=workspace).body == b"1"


def test_a_path_out_of_the_store_is_refused(server: Server, subtests: pytest.Subtests) -> None:
    paths = [
        "../x", "a/../../x", "..", "%2e%2e/x", "%252e%252e%252fx", "a/..%2fx", "%2e%2e%5cx", "/etc/passwd",
        "%2fetc/passwd", "%252fetc", "C:/x", "1/C:/x", "a/b/c:", "c:%5cx", "a%5c..%5cx", "file:///etc/passwd", "file:x", "nul%00",
        "a%2500b", "x%23y", "%" + "25" * 14 + "2e", "n" * 300, quote("ü" * 200),
    ]  # fmt: skip

    before = server.files()

    for method in ("PUT", "GET", "HEAD", "DELETE", "LIST"):
        for path in paths:
            with subtests.test(path=path, method=method):
                if method == "LIST":
                    refused = server.ask("GET", f"{PROXY}?path={path}")
                else:
                    refused = server.ask(method, f"{PROXY}/{path}", b"1" if method == "PUT" else None)

                assert refused.status == 400
                if method != "HEAD":
                    assert refused.json["error_code"] == "INVALID_PARAMETER_VALUE"
                    assert refused.json["message"].startswith("Invalid path")
        assert server.files() == before, method


def test_clients_cannot_access_the_staging_folder(server: Server) -> None:
    for method in ("PUT", "GET", "DELETE"):
        assert server.ask(method, f"{PROXY}/.uploads/x", b"1").status == 400
    assert server.ask("GET", f"{PROXY}?path=.uploads").status == 400


def test_a_name_in_any_script_is_listed_unchanged(server: Server, place: str, subtests: pytest.Subtests) -> None:
    names = ["a b.txt", "ü/日本.txt", "a+b.txt", "a%b.txt", "a&b=c;d.txt", "q?x.txt", "line\nbreak"]

    for at, name in enumerate(names):
        with subtests.test(name=name):
            folder = f"{place}/names/{at}"
            server.ask("PUT", f"{folder}/{quote(name)}", name.encode())

            path = ""
            while True:  # what is listed leads to the file, in the form in which it is listed
                listed = server.ask("GET", f"{PROXY}?path={quote(folder.removeprefix(PROXY + '/') + path)}")
                [entry] = listed.json["files"]
                path += "/" + entry["path"]
                if not entry["is_dir"]:
                    break

            assert server.ask("GET", folder + quote(path)).body == name.encode()


def test_multipart_uploads_are_refused_with_the_message_that_clients_fall_back_on(
    server: Server, subtests: pytest.Subtests
) -> None:
    body = b'{"path": "file", "num_parts": 2}'

    for call in ("mpu/create", "mpu/complete", "mpu/abort"):
        with subtests.test(call=call):
            path = f"/api/2.0/mlflow-artifacts/{call}/0/run/artifacts/file"
            assert server.ask("POST", path, body, content_type="application/json").fault == (
                501,
                "NOT_IMPLEMENTED",
                "Multipart upload is not supported for the current artifact repository",
            )


def test_presigned_downloads_of_the_proxy_are_refused(server: Server) -> None:
    assert server.ask("GET", "/api/2.0/mlflow-artifacts/presigned/0/run/artifacts/file").fault == (
        501,
        "NOT_IMPLEMENTED",
        "Multipart download is not supported for the current artifact repository",
    )
