"""Statements of the docs are true: commands, version, links."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from support.documents import configuration
from trackside.core import settings

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "packages").glob("*/*.md")])

# The address of a package index, and a path of the machine that something was written on: both are wrong elsewhere.
INDEX = re.compile(r"python[h]osted|p[y]pi\.org/|n[p]mjs\.org|deb\.[d]ebian|--(extra-)?index-url|--find[-]links [^-]")
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.~-])/(root|work|farm|home/[a-z]+|Users/[a-z]+)/", re.MULTILINE)


# Words that CONTRIBUTING.md's section on style replaces by those of the field.
BANNED = re.compile(
    r"\b([Aa]new|[Ww]hoever|[Aa]miss|[Mm]end(s|ed)?|for ever|[Mm]akes? way|made way|out of reach|pass(es)? for|takes? along"
    r"|goes along|go along)\b"
)

PRONOUN = re.compile(r'"""(Who|Whoever|What|Of|It|That|Those) [a-z].*')


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def _tracked() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run([git, "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True, text=True)
    return [file for name in listed.stdout.split("\0") if name and (file := ROOT / name).is_file()]


def _text(file: Path) -> str:
    content = file.read_bytes()
    return "" if b"\0" in content else content.decode(errors="replace")


def _in_pages(pattern: str) -> set[tuple[Path, str]]:
    """What matches in the pages, each with its page."""
    return {(page, found) for page in PAGES for found in re.findall(pattern, page.read_text(), re.MULTILINE)}


def test_each_make_target_that_a_page_names_exists() -> None:
    named = _in_pages(r"(?:^|`|\$ )make ([a-z][a-z-]*)")

    assert named
    assert {(page, target) for page, target in named if target not in _targets()} == set()


def test_each_link_to_a_file_leads_somewhere() -> None:
    links = _in_pages(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")

    assert links
    assert {(page, link) for page, link in links if not (page.parent / link).exists()} == set()


def test_each_variable_that_a_page_names_exists() -> None:
    named = _in_pages(r"\bTRACKSIDE_[A-Z_]+\b")

    assert named
    assert {(page, variable) for page, variable in named if variable not in settings.variables()} == set()


def test_the_configuration_page_equals_the_options() -> None:
    assert configuration.PAGE.read_text() == configuration.text(), "run `make configuration`"


def test_the_index_has_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [page.relative_to(ROOT / "docs") for page in (ROOT / "docs").rglob("*.md") if "decisions" not in page.parts]

    assert not [str(page) for page in pages if str(page) != "README.md" and f"]({page})" not in index]


def test_a_guide_has_at_most_800_words() -> None:
    words = {page.stem: len(page.read_text().split()) for page in (ROOT / "docs" / "guides").glob("*.md")}

    assert words
    assert {page: count for page, count in words.items() if count > 800} == {}


def test_the_newest_entry_of_the_changelog_is_this_version() -> None:
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert versions[0] == PROJECT["version"]


def test_both_distributions_have_one_version() -> None:
    client = (ROOT / "packages" / "trackside-mlflow" / "trackside_mlflow" / "__init__.py").read_text()

    assert re.findall(r'^__version__ = "(.+)"', client, re.MULTILINE) == [PROJECT["version"]]


def test_no_page_and_no_source_has_a_word_that_the_style_replaces() -> None:
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "packages").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    found = {
        f"{file.relative_to(ROOT)}: {match[0]}"
        for file in (*sources, *PAGES)
        for match in BANNED.finditer(file.read_text())
    }

    assert not found


def test_no_docstring_begins_with_a_pronoun() -> None:
    """A docstring is a noun phrase, or states what the function returns or does."""
    source = ROOT / "src" / "trackside"
    packages = [source / name for name in ("core/db", "events", "imports", "links", "sync", "webhooks")]
    texts = {package: {file: file.read_text() for file in package.rglob("*.py")} for package in packages}
    found = [
        f"{file.relative_to(source)}: {match[0]}"
        for files in texts.values()
        for file, text in files.items()
        for match in PRONOUN.finditer(text)
    ]

    assert all(texts.values())
    assert found == []


def test_no_file_names_a_package_index() -> None:
    naming = {str(file.relative_to(ROOT)) for file in _tracked() if INDEX.search(_text(file))}

    assert not naming


def test_no_file_names_a_path_of_one_machine() -> None:
    naming = {str(file.relative_to(ROOT)) for file in _tracked() if MACHINE_PATH.search(_text(file))}

    assert not naming


def test_every_pin_has_its_hashes_and_no_address() -> None:
    for file in (ROOT / "constraints").glob("*.txt"):
        lines = file.read_text().splitlines()
        pins = [number for number, line in enumerate(lines) if re.match(r"[a-z0-9]", line)]

        assert pins
        assert all(lines[number + 1].lstrip().startswith("--hash=sha256:") for number in pins)
        assert not [line for line in lines if "://" in line]


@pytest.mark.skipif(sys.platform != "linux", reason="uvloop is larger for one system than for another")
def test_an_installation_has_the_size_in_the_readme() -> None:
    said = re.search(r"pip install \. +# at most (\d+) packages, (\d+) MB", (ROOT / "README.md").read_text())
    needed: set[str] = set()
    waiting = ["trackside"]
    while waiting:
        name = waiting.pop()
        needed.add(name)
        wanted = map(Requirement, metadata.requires(name) or [])
        waiting += {each.name for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})} - needed

    files = [Path(str(file.locate())) for name in needed for file in metadata.files(name) or []]
    files += (ROOT / "src" / "trackside").rglob("*")  # its own are elsewhere: it is installed to be edited
    size = sum(file.stat().st_size for file in set(files) if file.is_file() and file.suffix != ".pyc")

    assert said is not None
    assert len(needed) <= int(said[1])
    assert size / 1e6 < int(said[2]) + 3  # wheels differ in size from one Python to the next
    if sys.version_info < (3, 14):  # newer ones bring Zstandard themselves
        assert len(needed) == int(said[1])
        assert size / 1e6 > int(said[2]) - 3


def test_the_documented_order_of_packages_is_the_checked_one() -> None:
    shown = re.search(r"```\n(scorer < .*?)```", (ROOT / "docs" / "architecture.md").read_text(), re.DOTALL)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [re.findall(r"\w+", layer) for layer in reversed(contracts[0]["layers"])]
    there = {path.stem for path in (ROOT / "src" / "trackside").iterdir() if path.suffix == ".py" or path.is_dir()}
    present = [[name for name in layer if name in there] for layer in layers]

    assert shown is not None
    assert [re.findall(r"\w+", layer) for layer in shown[1].split("<")] == [layer for layer in present if layer]


def test_each_test_that_the_security_page_names_exists() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = set(re.findall(r"`((?:tests/)?[a-z_/]*test_[a-z0-9_]+\.py|tests/[a-z_/]+)`", page))
    access = ROOT / "tests" / "slices" / "access"
    folders = (ROOT, access, access / "sign_in")

    assert len(named) > 30
    assert sorted(name for name in named if not any((folder / name).exists() for folder in folders)) == []


def test_each_item_of_the_checklist_has_a_test() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    rows = [line.split("|") for line in page.splitlines() if re.match(r"\| \d+\.\d+\.\d+", line)]

    assert len(rows) > 30
    assert [row[1].strip() for row in rows if "test_" not in row[3]] == []
