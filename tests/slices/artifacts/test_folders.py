"""A folder of artifacts as a zip, and images by step."""

import io
import zipfile
from typing import Any

import pytest

from support.client import Api
from trackside.artifacts import images

OURS = "/api/trackside/v1"


def put(api: Api, run_id: str, path: str, content: bytes) -> None:
    uri = api.run(run_id)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{uri}/{path}", content).status == 200


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(api: Api, **arguments: Any) -> Any:
    return api.ask("GET", f"{OURS}/artifacts/zip", arguments=arguments)


def test_a_folder_is_downloaded_as_a_zip(api: Api) -> None:
    run_id = api.new_run()
    large = bytes(range(256)) * 12_000
    put(api, run_id, "model/MLmodel", b"flavors: {}")
    put(api, run_id, "model/data/größe.bin", large)
    put(api, run_id, "other.txt", b"o")

    folder = zipped(api, run_id=run_id, path="model")
    whole = zipped(api, run_id=run_id)

    assert members(folder.body) == {"MLmodel": b"flavors: {}", "data/größe.bin": large}
    assert folder.headers["content-type"] == "application/zip"
    assert "model.zip" in folder.headers["content-disposition"]
    assert set(members(whole.body)) == {"model/MLmodel", "model/data/größe.bin", "other.txt"}


def test_a_missing_folder_has_no_zip(api: Api) -> None:
    run_id = api.new_run()

    assert zipped(api, run_id=run_id, path="none").status == 404
    assert zipped(api, run_id=run_id, path="../x").status == 400
    assert zipped(api, run_id="f" * 32).status == 404
    assert zipped(api).status == 400


def test_images_are_found_by_key_and_step(api: Api) -> None:
    run_id = api.new_run()
    for name in (
        "val~cats+step+10+timestamp+1700000000000+0a-1b.png",
        "val~cats+step+2+timestamp+1600000000000+0c-1d.png",
        "val~cats+step+2+timestamp+1600000000000+0c-1d+compressed.webp",
        "plain.png",
    ):
        put(api, run_id, f"images/{name}", b"p")

    found = api.get(f"{OURS}/artifacts/images", run_id=run_id)

    cats = next(each for each in found["series"] if each["key"] == "val/cats")
    assert [(image["step"], image["timestamp"]) for image in cats["images"]] == [
        (2, 1600000000000),
        (10, 1700000000000),
    ]
    assert cats["images"][0]["compressed"].endswith("+compressed.webp")
    assert cats["images"][1]["compressed"] is None
    assert api.get(f"{OURS}/artifacts/images", run_id=api.new_run()) == {"series": []}


def test_images_are_read_page_by_page(api: Api) -> None:
    run_id = api.new_run()
    for key, step in (("cats", 1), ("cats", 2), ("cats", 10), ("dogs", 1), ("dogs", 2)):
        put(api, run_id, f"images/{key}+step+{step}+timestamp+1+u.png", b"p")
    put(api, run_id, "images/cats+step+2+timestamp+1+u+compressed.webp", b"p")

    pages, token = [], ""
    while True:
        more = {"page_token": token} if token else {}
        page = api.get(f"{OURS}/artifacts/images", run_id=run_id, max_results="2", **more)
        pages.append([(each["key"], [image["step"] for image in each["images"]]) for each in page["series"]])
        token = page.get("next_page_token", "")
        if not token:
            break

    assert pages == [[("cats", [1, 2])], [("cats", [10]), ("dogs", [1])], [("dogs", [2])]]


def test_an_invalid_page_of_images_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases = [
        ("max_results", "0", "max_results is 0; it must be between 1 and 10000"),
        ("max_results", "10001", "max_results is 10001; it must be between 1 and 10000"),
        ("max_results", "x", "max_results"),
        ("page_token", "nonsense", "page_token is 'nonsense'; it must be the next_page_token of an answer"),
    ]

    for argument, value, said in cases:
        with subtests.test(argument=argument, value=value):
            refused = api.ask("GET", f"{OURS}/artifacts/images", arguments={"run_id": api.new_run(), argument: value})

            assert refused.status == 400
            assert said in refused.json["message"]


def test_names_of_older_releases_are_read() -> None:
    found = images.series(["old#key%step%0%timestamp%1500000000000%ff.png", "x+step+1+timestamp+2+u.png", "y.png"])

    assert [(each.key, each.images[0].step) for each in found.series] == [("old/key", 0), ("x", 1)]
