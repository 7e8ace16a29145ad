"""The grammar: accepted filters, refused ones and their messages."""

import ast
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.runner.examples import examples
from trackside.core.errors import Invalid
from trackside.core.filters.fields import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Fields,
)
from trackside.core.filters.nodes import Aggregate, And, Comparison, Entity, Field, Filter, Not, Operator, Or, Order
from trackside.core.filters.parse import MAX_CLAUSES, MAX_DEPTH, MAX_NESTING, parse_filter, parse_order_by
from trackside.core.filters.tokens import MAX_CHARS

METRIC, PARAM, TAG, ATTRIBUTE = Entity.METRIC, Entity.PARAM, Entity.TAG, Entity.ATTRIBUTE


def compare(
    entity: Entity, key: str, operator: str, *values: str | float, of: Aggregate = Aggregate.LAST
) -> Comparison:
    return Comparison(Field(entity, key, of), Operator(operator), values)


A = compare(TAG, "a", "=", "1")
B = compare(TAG, "b", "=", "2")
C = compare(TAG, "c", "=", "3")

TEXTUAL = "{'=', '!=', 'LIKE', 'NOT LIKE', 'ILIKE', 'NOT ILIKE', 'IN', 'NOT IN', 'BETWEEN', 'NOT BETWEEN'}"


def test_a_filter_is_parsed_to_its_tree(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, Filter]] = [
        # As MLflow has it.
        ("metrics.acc >= 0.94", compare(METRIC, "acc", ">=", 0.94)),
        ("metric.acc>=-1e-3", compare(METRIC, "acc", ">=", -0.001)),
        ("params.model='tree'", compare(PARAM, "model", "=", "tree")),
        ('parameter."big model" != "tree"', compare(PARAM, "big model", "!=", "tree")),
        ("params.`a.b/c` like '%x'", compare(PARAM, "a.b/c", "LIKE", "%x")),
        ("tags.mlflow.source.name ILIKE 'x%'", compare(TAG, "mlflow.source.name", "ILIKE", "x%")),
        ("`tag`.a is not null", compare(TAG, "a", "IS NOT NULL")),
        ("params.a IS NULL", compare(PARAM, "a", "IS NULL")),
        ("status = 'RUNNING'", compare(ATTRIBUTE, "status", "=", "RUNNING")),
        ("run.status = 'RUNNING'", compare(ATTRIBUTE, "status", "=", "RUNNING")),
        ("attr.`Run name` = 'x'", compare(ATTRIBUTE, "run_name", "=", "x")),
        ("Created > 12", compare(ATTRIBUTE, "start_time", ">", 12)),
        ("run_id not in ('a', \"b\",)", compare(ATTRIBUTE, "run_id", "NOT IN", "a", "b")),
        ("dataset.context = 'train'", compare(Entity.DATASET, "context", "=", "train")),
        ("tags.and = 'x'", compare(TAG, "and", "=", "x")),
        ("tags.a = 'it''s'", compare(TAG, "a", "=", "it''s")),
        (r"tags.a = 'it\'s'", compare(TAG, "a", "=", r"it\'s")),
        (r"run_id IN ('it\'s', 'a' 'b', '\x41\u00e4\n')", compare(ATTRIBUTE, "run_id", "IN", "it's", "ab", "Aä\n")),
        # An AND too many or too few is none of MLflow's concern.
        ("AND tags.a = '1' AND AND tags.b = '2' AND", And((A, B))),
        ("tags.a = '1' tags.b = '2'", And((A, B))),
        # More than MLflow takes.
        ("tags.a = '1' OR tags.b = '2' AND tags.c = '3'", Or((A, And((B, C))))),
        ("(tags.a = '1' or tags.b = '2') and not tags.c = '3'", And((Or((A, B)), Not(C)))),
        ("((tags.a = '1')) AND (tags.b = '2' AND (tags.c = '3'))", And((A, B, C))),
        ("NOT NOT tags.a = '1'", A),
        ("params.lr > 0.1", compare(PARAM, "lr", ">", 0.1)),
        ("params.lr IN (1, 2.5)", compare(PARAM, "lr", "IN", 1.0, 2.5)),
        ("params.opt IN ('sgd')", compare(PARAM, "opt", "IN", "sgd")),
        ("metrics.loss BETWEEN 1 AND 2 AND tags.a = '1'", And((compare(METRIC, "loss", "BETWEEN", 1.0, 2.0), A))),
        ("params.p NOT BETWEEN 'a' AND 'b'", compare(PARAM, "p", "NOT BETWEEN", "a", "b")),
        ("run_name NOT LIKE 'x%'", compare(ATTRIBUTE, "run_name", "NOT LIKE", "x%")),
        ("run_name contains '50%_a'", compare(ATTRIBUTE, "run_name", "CONTAINS", "50%_a")),
        ("params.a NOT CONTAINS ''", compare(PARAM, "a", "NOT CONTAINS", "")),
        (r"""tags.a CONTAINS ('it\'s "x"',)""", compare(TAG, "a", "CONTAINS", 'it\'s "x"')),
        ("metrics.loss IS NULL", compare(METRIC, "loss", "IS NULL")),
        ("end_time IS NULL", compare(ATTRIBUTE, "end_time", "IS NULL")),
        ("attributes.duration > 1000", compare(ATTRIBUTE, "duration", ">", 1000)),
        ("MIN(metrics.a.b) < 1e+3", compare(METRIC, "a.b", "<", 1000.0, of=Aggregate.MIN)),
        ("avg(metrics.`x y`) < 1", compare(METRIC, "x y", "<", 1.0, of=Aggregate.MEAN)),
        ("count( metrics.a ) >= 10", compare(METRIC, "a", ">=", 10.0, of=Aggregate.COUNT)),
        ("metrics.train/loss-1 < 1", compare(METRIC, "train/loss-1", "<", 1.0)),
        ("start_time < 99999999999999999999", compare(ATTRIBUTE, "start_time", "<", 1e20)),
    ]
    for text, expected in cases:
        with subtests.test(text=text, expected=expected):
            assert parse_filter(text, RUNS) == expected


def test_an_empty_filter_matches_everything(subtests: pytest.Subtests) -> None:
    for text in [None, "", "  \n ", "AND", "and AND"]:
        with subtests.test(text=text):
            assert parse_filter(text, RUNS) is None


def test_a_refusal_names_the_error(subtests: pytest.Subtests) -> None:
    cases = [
        ("tags.a = '1'; tags.b = '2'", "Search filter contained multiple expression"),
        ("tags.a = '1';", "Invalid clause(s) in filter string: ';'"),
        ("tags.a = '1' NAND tags.b = '2'", "Invalid clause(s) in filter string: 'tags.b'"),
        ("tags.a = '1' OR", "Invalid clause(s) in filter string"),
        ("(tags.a = '1'", "Invalid clause(s) in filter string"),
        ("tags.a = '1')", "Invalid clause(s) in filter string: ')'"),
        ("()", "Invalid clause(s) in filter string: ')'"),
        ("params.a = 'x", "Invalid clause(s) in filter string: ''x'"),
        ("params.a = x'", "Invalid clause(s) in filter string: '''"),
        ("params.`a = 'x'", "Invalid clause(s) in filter string: '`a = 'x''"),
        ("params.a 'x' =", "Invalid clause(s) in filter string"),
        ("params.a =", "Invalid clause(s) in filter string"),
        ("params.a = = 'x'", "Invalid clause(s) in filter string: '='"),
        ("status IS 'RUNNING'", "Invalid clause(s) in filter string"),
        ("status = true", "Invalid clause(s) in filter string"),
        ("nonsense = true", "Invalid clause(s) in filter string"),
        ("run_id IN", "Invalid clause(s) in filter string"),
        ("run_id IN (", "Invalid clause(s) in filter string"),
        ("run_id IN 'a'", "Invalid clause(s) in filter string"),
        ("run_id = ('a')", "Invalid clause(s) in filter string"),
        ("run_name CONTAINS ('a', 'b')", "'(' (one text in parentheses is expected at character 19)"),
        ("run_name CONTAINS", "it ends where a value is expected"),
        ("metrics.a CONTAINS 1", "Invalid comparator 'CONTAINS' not one of "),
        ("params.a CONTAINS 1", "Invalid comparator 'CONTAINS' not one of "),
        (f"tags.a CONTAINS '{'x' * 2001}'", "The text of CONTAINS has 2001 characters; at most 2000 are allowed"),
        ("1 = 1", "Invalid comparison clause. Expected 'Identifier' found '1'"),
        ("'a' = tags.a", "Invalid comparison clause. Expected 'Identifier' found ''a''"),
        (
            "m.acc > 1",
            "Invalid entity type 'm'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
        ),
        ("METRICS.acc > 1", "Invalid entity type 'METRICS'"),
        ("`metrics.acc` > 1", "Invalid entity type '`metrics'"),
        ("acc > 1", "Invalid attribute key 'acc' specified. Valid keys are '{'run_id', "),
        ("attribute.experiment_id = '1'", "Invalid attribute key 'experiment_id' specified. Valid keys are "),
        (
            "dataset.profile = 'x'",
            "Invalid dataset key 'profile' specified. Valid keys are '{'name', 'digest', 'context'}'",
        ),
        ("metrics.a = '1'", "Expected numeric value type for metric. Found '1'"),
        ("metrics.a = metrics.b", "Expected numeric value type for metric. Found metrics.b"),
        ("start_time = '1'", "Expected numeric value type for numeric attribute: start_time. Found '1'"),
        ("tags.a = 1", "Expected a quoted string value for tag (e.g. 'my-value'). Got value 1"),
        ("status = 1", "Expected a quoted string value for attributes. Got value 1"),
        ("dataset.name = 1", "Expected a quoted string value for dataset attributes. Got value 1"),
        ("params.a = LR", "value is either not quoted or unidentified quote types used for string value LR."),
        ("params.a = `LR`", "value is either not quoted or unidentified quote types used for string value `LR`."),
        ("params.a > 'x'", "Invalid comparator '>' not one of "),
        ("params.a > 'x'", "To compare a param as a number, write the number without quotes"),
        ("params.a RLIKE 'x'", "Invalid comparator 'RLIKE' not one of "),
        ("metrics.a ~ 1", "Invalid comparator '~' not one of "),
        ("metrics.a == 1", "Invalid comparator '==' not one of "),
        ("start_time LIKE 12", "Invalid comparator 'LIKE' not one of "),
        ("status IS NULL", "IS NULL / IS NOT NULL is only supported for tags, params, metrics"),
        ("dataset.name IS NULL", "IS NULL / IS NOT NULL is only supported for tags, params, metrics"),
        ("run_id IN ()", "expected a non-empty list of string values, but got empty list"),
        ("run_id IN ('a',, 'b')", "expected a non-empty list of string values, but got ill-formed list"),
        ("run_id IN ('a' AND)", "expected a non-empty list of string values, but got ill-formed list"),
        ("run_id IN (1, 2)", "expected string value, punctuation, or whitespace, but got different type in list"),
        ("params.a IN ('a', 1)", "expected string value, punctuation, or whitespace, but got different type in list"),
        (r"run_id IN ('\ud800')", "lone surrogate"),
        (r"run_id IN ('\0')", "NUL"),
        ("tags.a = '\0'", "NUL"),
        ("tags.a = '\ud800'", "lone surrogate"),
        ("median(metrics.a) > 1", "Invalid function 'median'. Valid functions are ['avg', 'count', 'first', "),
        ("min(params.a) > 1", "min() is only supported for metrics, not for 'parameter' 'a'"),
        ("min(metrics.a > 1", "Invalid clause(s) in filter string"),
        (f"tags.a LIKE '{'%' * 8001}'", "A LIKE pattern has 8001 characters"),
    ]
    for text, message in cases:
        with subtests.test(text=text, message=message):
            with pytest.raises(Invalid) as caught:
                parse_filter(text, RUNS)

            assert message in caught.value.message


def test_a_refusal_ends_with_a_hint_where_one_helps(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Fields, str, str]] = [
        (RUNS, "tags.a > 'x'", f"Invalid comparator '>' not one of '{TEXTUAL}'"),
        (
            RUNS,
            "params.a > 'x'",
            (
                f"Invalid comparator '>' not one of '{TEXTUAL}'. "
                "To compare a param as a number, write the number without quotes"
            ),
        ),
        (RUNS, "params.a RLIKE 'x'", f"Invalid comparator 'RLIKE' not one of '{TEXTUAL}'"),
        (EXPERIMENTS, "experiment_id > '1'", "Invalid comparator '>' not one of '{'=', '!=', 'IN', 'NOT IN'}'"),
        (EXPERIMENTS, "experiment_id = 5", "Expected a quoted string value for attributes. Got value 5"),
    ]
    for fields, text, message in cases:
        with subtests.test(fields=fields, text=text, message=message):
            with pytest.raises(Invalid) as caught:
                parse_filter(text, fields)

            assert caught.value.message == message


def test_values_keep_every_digit() -> None:
    whole, odd = (
        parse_filter(f"creation_time = {2**53 + 1}", EXPERIMENTS),
        parse_filter("experiment_id = '-5'", EXPERIMENTS),
    )
    unnamed = parse_filter("tags.`` = ''", EXPERIMENTS)

    assert whole == Comparison(Field(Entity.ATTRIBUTE, "creation_time"), Operator.EQ, (2**53 + 1,))
    assert odd == Comparison(Field(Entity.ATTRIBUTE, "experiment_id"), Operator.EQ, (-5,))
    assert unnamed == Comparison(Field(Entity.TAG, ""), Operator.EQ, ("",))


@pytest.mark.filterwarnings("ignore:.*invalid escape sequence")
def test_texts_in_a_list_are_read_as_in_python(subtests: pytest.Subtests) -> None:
    cases = [
        "'a'",
        '"a"',
        "''",
        "'a''b'",
        "'a\"\"b'",
        '"a""b"',
        "\"a''b\"",
        "'a' 'b' \"c\"",
        r"'a\'b'",
        r"'\\'",
        r"'\a\b\f\n\r\t\v'",
        r"'\q'",
        r"'\x41'",
        r"'\101'",
        r"'\7'",
        r"'\1019'",
        r"'\u20ac'",
        r"'\U0001f600'",
    ]
    for literal in cases:
        with subtests.test(literal=literal):
            found = parse_filter(f"run_id IN ({literal})", RUNS)

            assert found == Comparison(Field(ATTRIBUTE, "run_id"), Operator.IN, (ast.literal_eval(literal),))


def test_quotes_around_a_name_that_orders(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, Field, bool]] = [
        ("`status` DESC", Field(ATTRIBUTE, "status"), False),
        ('"status" ASC', Field(ATTRIBUTE, "status"), True),
        ("`metrics.a` DESC", Field(METRIC, "a"), False),
        ("metrics.`a` DESC", Field(METRIC, "a"), False),
        ("`metrics`.`a` desc", Field(METRIC, "a"), False),
        ("`metrics`.a DESC", Field(METRIC, "a"), False),
    ]
    for text, field, ascending in cases:
        with subtests.test(text=text, field=field, ascending=ascending):
            assert parse_order_by([text], RUNS) == (Order(field, ascending),)


def test_length_depth_and_number_of_clauses_are_bounded() -> None:
    clause = "tags.a = '1'"
    deep = clause
    for i in range(MAX_DEPTH + 1):
        deep = f"tags.a = '1' {'OR' if i % 2 else 'AND'} ({deep})"

    with pytest.raises(Invalid, match="characters long"):
        parse_filter(" " * (MAX_CHARS + 1) + clause, RUNS)
    with pytest.raises(Invalid, match=f"deeper than {MAX_NESTING} levels"):
        parse_filter("(" * 10_000 + clause, RUNS)
    with pytest.raises(Invalid, match=f"deeper than {MAX_NESTING} levels"):
        parse_filter("NOT " * 10_000 + clause, RUNS)
    with pytest.raises(Invalid, match=f"deeper than {MAX_DEPTH} levels"):
        parse_filter(deep, RUNS)
    with pytest.raises(Invalid, match="comparisons"):
        parse_filter(" AND ".join([clause] * (MAX_CLAUSES + 1)), RUNS)
    with pytest.raises(Invalid, match="values"):
        parse_filter(f"run_id IN ({','.join(['1'] * 9000)})", RUNS)
    assert parse_filter("(" * 99 + clause + ")" * 99, RUNS) == A
    assert parse_filter("metrics.a > " + "9" * 5000, RUNS) == compare(METRIC, "a", ">", float("inf"))


def test_each_search_has_its_fields(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Fields, str, Filter]] = [
        (EXPERIMENTS, "name ILIKE 'a%'", compare(ATTRIBUTE, "name", "ILIKE", "a%")),
        (EXPERIMENTS, "attribute.`experiment_id` IN ('1', '2')", compare(ATTRIBUTE, "experiment_id", "IN", 1, 2)),
        (EXPERIMENTS, "creation_time >= 12", compare(ATTRIBUTE, "creation_time", ">=", 12)),
        (EXPERIMENTS, 'tag."a b" IS NULL', compare(TAG, "a b", "IS NULL")),
        (REGISTERED_MODELS, "name IN ('a')", compare(ATTRIBUTE, "name", "IN", "a")),
        (MODEL_VERSIONS, "version_number > 2", compare(ATTRIBUTE, "version_number", ">", 2)),
        (MODEL_VERSIONS, "source_path = 's3://b'", compare(ATTRIBUTE, "source_path", "=", "s3://b")),
        (LOGGED_MODELS, "attributes.creation_time > 2", compare(ATTRIBUTE, "creation_timestamp_ms", ">", 2)),
        (LOGGED_MODELS, "metrics.`a b` > 2", compare(METRIC, "a b", ">", 2.0)),
    ]
    for fields, text, expected in cases:
        with subtests.test(fields=fields, text=text, expected=expected):
            assert parse_filter(text, fields) == expected


def test_each_search_has_its_own_messages(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Fields, str, str]] = [
        (
            EXPERIMENTS,
            "params.a = 'x'",
            "Invalid entity type 'params'. Valid entity types are ('attribute', 'tag', 'tags')",
        ),
        (EXPERIMENTS, "experiment_id = 'x'", "Invalid experiment ID 'x'. Experiment ID must be a valid integer."),
        (EXPERIMENTS, "experiment_id LIKE '1'", "Invalid comparator 'LIKE' not one of '{'=', '!=', 'IN', 'NOT IN'}'"),
        (EXPERIMENTS, "creation_time > 1.5", "Invalid value for numeric attribute 'creation_time': '1.5'"),
        (EXPERIMENTS, "name IS NULL", "IS NULL / IS NOT NULL is only supported for tags, not for attribute 'name'"),
        (REGISTERED_MODELS, "run_id = 'x'", "Invalid attribute key 'run_id' specified. Valid keys are '{'name'}'"),
        (REGISTERED_MODELS, "timestamp > 1", "Invalid attribute key 'timestamp' specified."),
        (MODEL_VERSIONS, "version_number = '1'", "Expected numeric value type for numeric attribute: version_number."),
        (LOGGED_MODELS, "metric.a > 1", "Invalid entity type: 'metric'. Expected one of ['attributes', 'metrics',"),
    ]
    for fields, text, message in cases:
        with subtests.test(fields=fields, text=text, message=message):
            with pytest.raises(Invalid) as caught:
                parse_filter(text, fields)

            assert message in caught.value.message


def test_an_order_is_parsed_to_its_fields(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Fields, str, Order]] = [
        (RUNS, "metrics.a", Order(Field(METRIC, "a"))),
        (RUNS, "metrics.`Mean Square` dEsC", Order(Field(METRIC, "Mean Square"), ascending=False)),
        (RUNS, 'params."a b"  ASC', Order(Field(PARAM, "a b"))),
        (RUNS, "attribute.Created\n desc", Order(Field(ATTRIBUTE, "start_time"), ascending=False)),
        (RUNS, "duration desc", Order(Field(ATTRIBUTE, "duration"), ascending=False)),
        (RUNS, "max(metrics.a.b) DESC", Order(Field(METRIC, "a.b", Aggregate.MAX), ascending=False)),
        (EXPERIMENTS, "last_update_time", Order(Field(ATTRIBUTE, "last_update_time"))),
        (REGISTERED_MODELS, "timestamp\r\rASC", Order(Field(ATTRIBUTE, "last_updated_timestamp"))),
        (MODEL_VERSIONS, "version_number DESC", Order(Field(ATTRIBUTE, "version_number"), ascending=False)),
    ]
    for fields, text, expected in cases:
        with subtests.test(fields=fields, text=text, expected=expected):
            assert parse_order_by([text], fields) == (expected,)


def test_an_invalid_order_is_refused(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Fields, str, str]] = [
        (RUNS, "", "Invalid order_by clause ''. Could not be parsed."),
        (RUNS, "metrics.a != 1", "Invalid order_by clause"),
        (RUNS, "`metrics.a", "Invalid order_by clause"),
        (RUNS, "metrics.a, metrics.b", "Invalid order_by clause"),
        (RUNS, "metrics.a DESC NULLS LAST", "Invalid order_by clause"),
        (RUNS, "metrics.a decs", "Invalid ordering key in order_by clause 'metrics.a decs'."),
        (RUNS, "`metrics.a`", "Invalid entity type"),
        (RUNS, "acc", "Invalid attribute key 'acc' specified."),
        (RUNS, "dataset.name", "Invalid order_by entity: dataset"),
        (EXPERIMENTS, "tags.a", "Invalid order_by entity: tag"),
        (REGISTERED_MODELS, "creation_timestamp", "Invalid order by key 'creation_timestamp' specified."),
        (MODEL_VERSIONS, "run_id DESC", "Invalid attribute key 'run_id' specified."),
        (LOGGED_MODELS, "nonsense", "Invalid order by field name: nonsense"),
    ]
    for fields, text, message in cases:
        with subtests.test(fields=fields, text=text, message=message):
            with pytest.raises(Invalid) as caught:
                parse_order_by([text], fields)

            assert message in caught.value.message


def test_a_field_can_be_in_an_order_once() -> None:
    with pytest.raises(Invalid, match="`order_by` contains duplicate fields"):
        parse_order_by(["start_time", "metrics.a", "created DESC"], RUNS)
    with pytest.raises(Invalid, match="at most 20"):
        parse_order_by([f"metrics.a{i}" for i in range(21)], RUNS)
    assert len(parse_order_by(["metrics.a", "min(metrics.a)"], RUNS)) == 2


PIECES = [
    "metrics",
    "params",
    "tags",
    "a",
    ".",
    "`",
    "'",
    '"',
    "(",
    ")",
    ",",
    ";",
    "=",
    "!",
    "<",
    ">",
    "-",
    "1",
    "2.5",
    "e",
]
PIECES += [
    " ",
    "AND",
    " OR ",
    "NOT ",
    " IN ",
    " IS ",
    "NULL",
    " LIKE ",
    "BETWEEN ",
    "status",
    "min(",
    "\\",
    "\n",
    "é",
    "%",
]
PIECES += ["metrics.a > 1", "params.a = 'x'", "run_id IN ('a', 'b')", "tags.`x y` IS NOT NULL", "\ud800", "\0", "'\\x4"]


@settings(max_examples=examples(400))
@given(text=st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example("run_id IN ('\\U00110000')")
@example("tags.a = ²")
@example("metrics.a > ٣")
@example("metrics.a > ٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣")
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for fields in (RUNS, EXPERIMENTS, REGISTERED_MODELS, MODEL_VERSIONS, LOGGED_MODELS):
        with suppress(Invalid):
            parse_filter(text, fields)
        with suppress(Invalid):
            parse_order_by([text], fields)
