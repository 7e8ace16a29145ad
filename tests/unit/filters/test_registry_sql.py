"""Searches of models and versions equal the filter in plain Python; pages are complete, without duplicates, in order."""

import re
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Struct

from support.runner.examples import NOT_CHECKED_WITH_FIXTURE, examples
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters.parse import parse_filter, parse_order_by
from trackside.core.filters.to_python import Record, matches, ordered
from trackside.registry import models, search_sql, versions
from trackside.registry import search as searches
from trackside.registry.files.origins import Origin
from trackside.registry.model import IS_PROMPT_TAG, Search
from trackside.registry.search_sql import MODELS, VERSIONS, Listed, Subject
from trackside.workspaces import store as workspaces

pytestmark = pytest.mark.both

NAMES = ["iris", "Iris", "lily", "ä", "a%b", "a_b", "x y", "50%"]
VALUES = [
    "",
    "a",
    "A",
    "ab",
    "it",
    "true",
    "ä",
    "x" * 99,
    "x" * 100,
    "x" * 101,
    "x" * 99 + "ä",
    "x" * 99 + "äy",
    "north-7",
    "North-77",
]
KEYS = ["team", "größe/é.x y", IS_PROMPT_TAG]
PATTERNS = ["%", "_", "a%", "%A%", "i%", "x%", "", "%orth-7%", "%ORTH_7", "_orth-7%", "%xxxä%"]
COMPARED = ["=", "!=", "LIKE", "ILIKE", "NOT LIKE", "CONTAINS", "NOT CONTAINS"]
MODEL_KEYS = ["name", "last_updated_timestamp", "timestamp"]
VERSION_KEYS = ["name", "version_number", "creation_timestamp", "last_updated_timestamp"]

numbers = count(1)

tags = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=3)


class Version(Struct):
    run_id: str
    source: str
    tags: dict[str, str]
    made_at: int


class Model(Struct):
    name: str
    tags: dict[str, str]
    made_at: int
    versions: list[Version]


def in_one_of_its_own(tx: Tx) -> Tx:
    """The transaction in a workspace that has nothing yet."""
    return tx.within(workspaces.create(tx, f"filters-{next(numbers)}").workspace_id)


def quoted(text: str) -> str:
    return f"'{text}'"


@st.composite
def registries(draw: st.DrawFn) -> list[Model]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    made = st.builds(
        Version,
        run_id=st.sampled_from(["", "r1", "R1", "r2"]),
        source=st.sampled_from(["s3://b/a", "s3://b/A", "s3://b/north/7", "dummy-source"]),
        tags=tags,
        made_at=st.integers(1, 4),
    )
    return [Model(name, draw(tags), draw(st.integers(1, 4)), draw(st.lists(made, max_size=4))) for name in names]


def clauses(subject: Subject) -> SearchStrategy[str]:
    names = st.builds(
        "name {} {}".format,
        st.sampled_from(COMPARED),
        st.sampled_from([*NAMES, *PATTERNS]).map(quoted),
    )
    lists = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(lambda many: ", ".join(map(quoted, many)))
    among = st.builds("name {} ({})".format, st.sampled_from(["IN", "NOT IN"]), lists)
    tagged = st.builds(
        "tags.`{}` {} {}".format,
        st.sampled_from(KEYS),
        st.sampled_from([*COMPARED, "=", "="]),
        st.sampled_from([*VALUES, "false", *PATTERNS]).map(quoted),
    )
    absent = st.builds("tags.`{}` IS {}".format, st.sampled_from(KEYS[:2]), st.sampled_from(["NULL", "NOT NULL"]))
    found = names | among | tagged | absent
    if subject is VERSIONS:
        runs = st.builds("run_id {} {}".format, st.sampled_from(COMPARED), st.sampled_from(["'r1'", "''", "'R%'"]))
        places = ["s3://b/a", "s3://b/A", "s3://b/%", "%/north/%", "%/NORTH%", "%://b_a"]
        sources = st.builds("source_path {} '{}'".format, st.sampled_from(COMPARED), st.sampled_from(places))
        numbers = st.builds("version_number {} {}".format, st.sampled_from(["=", "!=", "<", ">="]), st.integers(0, 4))
        found = found | runs | sources | numbers
    return found


def filters(subject: Subject) -> SearchStrategy[str]:
    return st.recursive(
        clauses(subject),
        lambda part: (
            st.builds("({} AND {})".format, part, part)
            | st.builds("({} OR {})".format, part, part)
            | st.builds("NOT ({})".format, part)
        ),
        max_leaves=4,
    ) | st.lists(clauses(subject), min_size=2, max_size=3).map(" AND ".join)


def orders(keys: list[str]) -> SearchStrategy[list[str]]:
    def directed(chosen: list[str]) -> SearchStrategy[list[str]]:
        return st.tuples(*(st.sampled_from([key, f"{key} DESC", f"{key} ASC"]) for key in chosen)).map(list)

    return st.lists(st.sampled_from(keys), max_size=2, unique_by=lambda key: key.replace("last_updated_", "")).flatmap(
        directed
    )


def store(tx: Tx, registry: list[Model]) -> tuple[list[Record], list[Record]]:
    """Models and versions as they may be asked."""
    of_models, of_versions = [], []
    for model in registry:
        tx.now = model.made_at
        models.create(tx, model.name, model.tags, "")
        updated = model.made_at
        for number, version in enumerate(model.versions, 1):
            tx.now = updated = version.made_at
            origin = Origin(version.source, version.source, None, version.run_id)
            versions.create(tx, model.name, origin, tags=version.tags, run_link="", description="")
            attributes: dict[str, Any] = {
                "name": model.name,
                "run_id": version.run_id,
                "source_path": version.source,
                "version_number": number,
                "creation_timestamp": version.made_at,
                "last_updated_timestamp": version.made_at,
            }
            of_versions.append(Record(attributes, tags=_flagged(version.tags)))
        attributes = {"name": model.name, "last_updated_timestamp": updated}
        of_models.append(Record(attributes, tags=_flagged(model.tags)))
    return of_models, of_versions


def _flagged(said: dict[str, str]) -> dict[str, str]:
    return {**said, IS_PROMPT_TAG: "true" if said.get(IS_PROMPT_TAG) == "true" else "false"}


def expected(records: list[Record], subject: Subject, text: str, order_by: list[str]) -> list[tuple[Any, ...]]:
    tree = parse_filter(text, subject.fields)
    found = [record for record in records if matches(tree, record)]
    if IS_PROMPT_TAG not in text:
        found = [record for record in found if record.tags[IS_PROMPT_TAG] == "false"]
    given = parse_order_by(order_by, subject.fields)
    wanted = given + tuple(tie for tie in subject.ties if tie not in given) if given else subject.natural
    return [identity(record) for record in ordered(found, wanted)]


def unlisted(tx: Tx, subject: Subject, text: str, order_by: list[str]) -> list[int]:
    """What a search finds if no index names few rows: one page of all, as keys."""
    wanted = search_sql.read(subject, Search(filter=text, order_by=order_by))
    query = search_sql.statement(wanted, [], 100, None, tx.dialect)
    return [row[0] for row in tx.all(query.sql, **query.params)]


def listed(tx: Tx, subject: Subject, text: str, order_by: list[str]) -> list[int]:
    """The same if indexes name them."""
    wanted = search_sql.read(subject, Search(filter=text, order_by=order_by))
    named = [
        Listed(probe.key, [key for (key,) in tx.all(probe.query.sql, **probe.query.params)])
        for probes in search_sql.probes(wanted, tx.dialect)
        for probe in probes
    ]
    query = search_sql.statement(wanted, named, 100, None, tx.dialect)
    return [row[0] for row in tx.all(query.sql, **query.params)]


def identity(record: Record) -> tuple[Any, ...]:
    return tuple(record.attributes[key] for key in ("name", "version_number") if key in record.attributes)


def pages(tx: Tx, subject: Subject, text: str, order_by: list[str], size: int) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    token = None
    while True:
        call = Search(filter=text, order_by=order_by, max_results=size, page_token=token)
        if subject is MODELS:
            some = searches.search_models(tx, call)
            found += [(model.name,) for model in some.registered_models]
        else:
            more = searches.search_versions(tx, call)
            found += [(version.name, int(version.version)) for version in more.model_versions]
        token = some.next_page_token if subject is MODELS else more.next_page_token
        if token is None:
            return found


@settings(max_examples=examples(60), suppress_health_check=NOT_CHECKED_WITH_FIXTURE)
@given(registry=registries(), text=filters(MODELS), order_by=orders(MODEL_KEYS), size=st.integers(1, 6))
def test_a_search_of_models_equals_a_filter_in_python(
    tx: Tx, registry: list[Model], text: str, order_by: list[str], size: int
) -> None:
    inside = in_one_of_its_own(tx)
    records, _ = store(inside, registry)

    assert pages(inside, MODELS, text, order_by, size) == expected(records, MODELS, text, order_by)
    assert listed(inside, MODELS, text, order_by) == unlisted(inside, MODELS, text, order_by)


@settings(max_examples=examples(60), suppress_health_check=NOT_CHECKED_WITH_FIXTURE)
@given(registry=registries(), text=filters(VERSIONS), order_by=orders(VERSION_KEYS), size=st.integers(1, 6))
def test_a_search_of_versions_equals_a_filter_in_python(
    tx: Tx, registry: list[Model], text: str, order_by: list[str], size: int
) -> None:
    inside = in_one_of_its_own(tx)
    _, records = store(inside, registry)

    assert pages(inside, VERSIONS, text, order_by, size) == expected(records, VERSIONS, text, order_by)
    assert listed(inside, VERSIONS, text, order_by) == unlisted(inside, VERSIONS, text, order_by)


def test_everything_but_prompts_in_natural_order(tx: Tx) -> None:
    inside = in_one_of_its_own(tx)
    registry = [
        Model("b", {}, 1, [Version("", "s3://b/a", {}, 2), Version("", "s3://b/a", {}, 2)]),
        Model("a", {}, 3, [Version("", "s3://b/a", {}, 2)]),
        Model("hello", {IS_PROMPT_TAG: "true"}, 9, [Version("", "dummy-source", {IS_PROMPT_TAG: "true"}, 9)]),
    ]
    store(inside, registry)

    assert pages(inside, MODELS, "", [], 10) == [("a",), ("b",)]
    assert pages(inside, VERSIONS, "", [], 10) == [("a", 1), ("b", 2), ("b", 1)]


def test_prompts_show_if_they_are_asked_for(tx: Tx, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, list[tuple[str]]]] = [
        ("= 'true'", [("hello",)]),
        ("= 'false'", [("iris",)]),
        ("!= 'true'", [("iris",)]),
        ("!= 'false'", [("hello",)]),
        ("= 'TRUE'", []),
    ]
    inside = in_one_of_its_own(tx)
    store(inside, [Model("iris", {}, 1, []), Model("hello", {IS_PROMPT_TAG: "true"}, 1, [])])

    for text, found in cases:
        with subtests.test(text=text, found=found):
            assert pages(inside, MODELS, f"tags.`{IS_PROMPT_TAG}` {text}", [], 10) == found


def test_tags_with_a_common_prefix_are_distinguished(tx: Tx) -> None:
    """An index holds the beginnings of values only."""
    inside = in_one_of_its_own(tx)
    store(inside, [Model(f"m{size}", {"k": "ä" * size}, 1, []) for size in (99, 100, 101)])

    for length in (99, 100, 101):
        assert pages(inside, MODELS, f"tags.k = '{'ä' * length}'", [], 10) == [(f"m{length}",)]


def test_patterns_match_beyond_the_indexed_beginning_of_tags(tx: Tx, subtests: pytest.Subtests) -> None:
    cases = ["%b", "%ä", "ä%", f"{'ä' * 99}%", f"{'ä' * 100}%", f"{'ä' * 101}%b", "%", "_%Ä%"]
    inside = in_one_of_its_own(tx)
    values = [f"{'ä' * size}{end}" for size in (1, 98, 99, 100, 101, 102) for end in ("", "b")]
    records, _ = store(inside, [Model(f"m{i}", {"k": value}, 1, []) for i, value in enumerate(values)])

    for pattern in cases:
        with subtests.test(pattern=pattern):
            for operator in ("LIKE", "ILIKE"):
                text = f"tags.k {operator} '{pattern}'"
                assert pages(inside, MODELS, text, [], 5) == expected(records, MODELS, text, [])


def test_a_part_of_a_text_is_found_by_its_bits_before_texts_are_read(tx: Tx) -> None:
    inside = in_one_of_its_own(tx)
    places = ["north", "south", "east", "west"]
    store(inside, [Model(at, {"k": f"a {at} b"}, 1, [Version("", f"s3://b/{at}/c", {}, 1)]) for at in places])

    for subject, text in ((MODELS, "tags.k LIKE '%south%'"), (VERSIONS, "source_path ILIKE '%/SOUTH/%'")):
        ((bits, _),) = search_sql.probes(search_sql.read(subject, Search(filter=text)), tx.dialect)
        assert len(inside.all(bits.query.sql, **bits.query.params)) == 1
        if tx.dialect == "sqlite":
            (plan,) = inside.all(f"EXPLAIN QUERY PLAN {bits.query.sql}", **bits.query.params)
            assert re.search(r"USING COVERING INDEX \w+_by_grams", plan[3])


def test_texts_without_stored_bits_are_read(tx: Tx) -> None:
    """As what an older version has stored, and what is long."""
    inside = in_one_of_its_own(tx)
    store(
        inside,
        [Model("m", {"k": "north-7", "long": f"{'x' * 300}north-7"}, 1, [Version("", "s3://b/north-7/c", {}, 1)])],
    )
    for table, column in (("registered_model_tags", "value_grams"), ("model_versions", "source_grams")):
        inside.run(f"UPDATE {table} SET {column} = -1 WHERE workspace_id = :ws")

    assert pages(inside, MODELS, "tags.k LIKE '%north-7%'", [], 5) == [("m",)]
    assert pages(inside, MODELS, "tags.long LIKE '%north-7%'", [], 5) == [("m",)]
    assert pages(inside, VERSIONS, "source_path LIKE '%/north-7/%'", [], 5) == [("m", 1)]


@pytest.mark.slow
def test_a_common_part_of_texts_is_found(tx: Tx) -> None:
    inside = in_one_of_its_own(tx)
    names = [f"m{i:04}" for i in range(search_sql.MOST_LISTED + 2)]
    store(inside, [Model(name, {"k": f"a north-{name}"}, 1, []) for name in names])

    assert pages(inside, MODELS, "tags.k LIKE '%north-%'", [], 500) == [(name,) for name in names]
    assert pages(inside, MODELS, "tags.k LIKE '%north-m_001'", [], 500) == [("m0001",), ("m1001",)]


def test_a_range_of_beginnings_ends_with_the_last_character(tx: Tx) -> None:
    inside = in_one_of_its_own(tx)
    values = ["a\U0010ffff", "a\U0010ffffb", "\ud7ff", "\ud7ffx", "\ue000", "\U0010ffff", "b"]
    records, _ = store(inside, [Model(f"m{i}", {"k": value}, 1, []) for i, value in enumerate(values)])

    for beginning in ("a\U0010ffff", "\ud7ff", "\U0010ffff", "a"):
        text = f"tags.k LIKE '{beginning}%'"
        assert pages(inside, MODELS, text, [], 5) == expected(records, MODELS, text, [])


def test_a_tag_that_marks_a_prompt_hides_the_model(tx: Tx) -> None:
    inside = in_one_of_its_own(tx)
    store(inside, [Model("iris", {}, 1, [Version("", "s3://b/a", {}, 1)])])
    models.set_tag(inside, "iris", IS_PROMPT_TAG, "true")
    versions.set_tag(inside, "iris", "1", IS_PROMPT_TAG, "true")

    hidden = pages(inside, MODELS, "", [], 10) + pages(inside, VERSIONS, "", [], 10)
    models.delete_tag(inside, "iris", IS_PROMPT_TAG)
    versions.delete_tag(inside, "iris", "1", IS_PROMPT_TAG)

    assert hidden == []
    assert pages(inside, MODELS, "", [], 10) == [("iris",)]
    assert pages(inside, VERSIONS, "", [], 10) == [("iris", 1)]


def test_the_size_of_a_page(tx: Tx, subtests: pytest.Subtests) -> None:
    cases: list[tuple[Any, int, str]] = [
        (searches.search_models, 0, "Invalid value for max_results. It must be a positive integer, but got 0"),
        (searches.search_versions, -1, "Invalid value for max_results. It must be a positive integer, but got -1"),
        (searches.search_models, 1001, "Invalid value \"1001\" for parameter 'max_results' supplied"),
        (searches.search_versions, 200_001, "Invalid value \"200001\" for parameter 'max_results' supplied"),
    ]
    for search, most, message in cases:
        with subtests.test(search=search, most=most, message=message):
            with pytest.raises(Invalid) as fault:
                search(tx, Search(max_results=most))

            assert str(fault.value).startswith(message)
