"""No message about a setting shows a password, for any invalid value."""

import itertools
from pathlib import Path

import pytest

from support.processes.servers import trackside
from trackside.core.locations import redact
from trackside.core.settings import SettingError, load

SECRETS = [
    "s3cr3t",
    "s3cr3t/",
    "/s3cr3t",
    "s3cr3t?x",
    "?s3cr3t",
    "s3cr3t#",
    "#s3cr3t",
    "s3c@s3cr3t",
    "s3cr3t:",
    ":s3cr3t",
    "s3cr3t%",
    "[s3cr3t",
]
FORMS = [
    "postgresql:user:{0}@host/db",
    "postgresql:/user:{0}@host/db",
    "postgresql://user:{0}@host:port/db",
    "postgresql://user:{0}@host/",
    "postgres//user:{0}@host/db",
    "user:{0}@host/db",
    "postgresql://user:{0}",
    "postgresql://user:{0}@host:5432",
    "//user:{0}@host/db",
    "mysql://user:{0}@host/db",
    "postgresql+x://user:{0}@host/db?sslmode=no",
    "postgresql://user@host/db?password={0}&x=1",
    "postgresql://host/db?password={0}",
    "postgresql://user:{0}@h1,h2/db",
    "sqlite://user:{0}@host",
    "sqlite:///x?key={0}",
    "sqlite:user:{0}@x",
    "mssql+pyodbc://user:{0}@host/db",
    "postgresql://user:{0}@host/db?sslrootcert=none",
    "://user:{0}@host/db",
    "postgresql//user:{0}@host",
    "file://user:{0}@host/x",
    "s3://user:{0}@",
    "{0}@host:1",
]
FLAGS = [
    "--store",
    "--backend-store-uri",
    "--registry-store-uri",
    "--artifacts",
    "--default-artifact-root",
    "--allowed-artifact-roots",
]


def test_no_malformed_url_shows_its_password(subtests: pytest.Subtests) -> None:
    for form in FORMS:
        with subtests.test(form=form):
            for flag, secret in itertools.product(FLAGS, SECRETS):
                text = form.format(secret)
                for flags, environ in (({flag: text}, {}), ({}, {"TRACKSIDE_STORE": text})):
                    assert "s3cr3t" not in complaint(flags, environ), (flag, text)


def complaint(flags: dict[str, str], environ: dict[str, str]) -> str:
    try:
        load(flags, environ)
    except SettingError as fault:
        return str(fault)
    return ""


def test_an_url_without_a_password_is_shown(subtests: pytest.Subtests) -> None:
    cases = [
        ("postgresql://user:password@host:5432/db", "postgresql://user:***@host:5432/db"),
        ("mlruns", "mlruns"),
        ("sqlite:///folder/file.db", "sqlite:///folder/file.db"),
        ("s3://bucket/folder", "s3://bucket/folder"),
        ("https://host:5000/ws/north", "https://host:5000/ws/north"),
        ("postgresql://user:pass/word@host/db", "postgresql:***"),
        ("user:password@host", "***"),
    ]
    for text, shown in cases:
        with subtests.test(text=text, shown=shown):
            assert redact(text) == shown


def test_a_mistyped_flag_shows_no_password(tmp_path: Path) -> None:
    for words in (
        ("server", "--stroe", "postgresql://u:s3cr3t@h/db"),
        ("postgresql:u:s3cr3t@h/db",),
        ("import", "u:s3cr3t@h/db"),
    ):
        code, said, complained = trackside(*words, cwd=tmp_path)
        assert code != 0
        assert "s3cr3t" not in said + complained
