"""The locations in buckets that a scoring job may use."""

from pathlib import Path

import pytest

from trackside.core.errors import Denied, Fault, Invalid
from trackside.core.locations import is_in_bucket
from trackside.core.settings import SettingError, load
from trackside.scoring.buckets import Buckets

ALLOWED = Buckets(["s3://data/tables", "abfss://c@account.dfs.core.windows.net/"])


def test_a_location_below_an_allowed_bucket_is_accepted(subtests: pytest.Subtests) -> None:
    cases = [
        ("s3://data/tables/a/b.parquet", "s3://data/tables", "a/b.parquet"),
        ("S3://data//tables/./b.parquet", "s3://data/tables", "b.parquet"),
        ("s3://data/tables", "s3://data/tables", ""),
        (
            "abfss://c@account.dfs.core.windows.net/b.csv",
            "abfss://c@account.dfs.core.windows.net/",
            "b.csv",
        ),
    ]
    for given, root, key in cases:
        with subtests.test(given=given, root=root, key=key):
            found = ALLOWED.checked("input", given)

            assert (str(found.root), found.key) == (root, key)


def test_a_location_outside_of_the_allowed_buckets_is_refused(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, type[Fault]]] = [
        ("s3://data/other/b.parquet", Denied),
        ("s3://data/tables-of-others/b.parquet", Denied),
        ("s3://other/tables/b.parquet", Denied),
        ("gs://data/tables/b.parquet", Denied),
        ("abfss://c@other.dfs.core.windows.net/b.csv", Denied),
        ("s3://data/tables/../other/b.parquet", Invalid),
        ("s3://data/tables/%2e%2e/other/b.parquet", Invalid),
        ("s3://data/tables/b.parquet?versionId=1", Invalid),
        ("s3://data/tables/b\\..\\c.parquet", Invalid),
        ("s3://data/tables/b\n.parquet", Invalid),
        ("s3://key:secret@data/tables/b.parquet", Invalid),
        ("s3://127.0.0.1:9000/tables/b.parquet", Invalid),
        ("s3://data/tables/" + "x" * 256, Invalid),
        ("s3:///tables/b.parquet", Invalid),
    ]
    for given, fault in cases:
        with subtests.test(given=given, fault=fault), pytest.raises(fault):
            ALLOWED.checked("input", given)


def test_without_the_option_no_bucket_is_allowed() -> None:
    with pytest.raises(Denied, match="none of the server's --job-buckets"):
        Buckets(()).checked("output", "s3://data/tables/b.parquet")


def test_a_scheme_without_a_bucket_is_refused() -> None:
    assert not is_in_bucket("s3:/data/b.parquet")
    assert not is_in_bucket("/s3://data/b.parquet")


def test_the_option_names_buckets_only(tmp_path: Path, subtests: pytest.Subtests) -> None:
    cases = ["/srv/tables", "https://host/bucket", "s3://", "s3://b/../c", "s3://b/%20"]
    for places in cases:
        with subtests.test(places=places), pytest.raises(SettingError, match=r"--job-buckets is .*must be a bucket"):
            load({"--data": str(tmp_path), "--job-buckets": f"s3://fine,{places}"}, {})


def test_jobs_cannot_use_the_bucket_of_the_artifacts(tmp_path: Path, subtests: pytest.Subtests) -> None:
    for flag in ("--artifacts", "--allowed-artifact-roots"):
        flags = {"--data": str(tmp_path), flag: "s3://data/artifacts"}
        for bucket in ("s3://data", "s3://data/artifacts", "s3://data/artifacts/x"):
            with subtests.test(flag=flag, bucket=bucket), pytest.raises(SettingError, match="the artifact store"):
                load({**flags, "--job-buckets": bucket}, {})

        assert load({**flags, "--job-buckets": "s3://data/tables"}, {}).job_buckets == ("s3://data/tables",)
