"""Label schemas (questions to reviewers) in the API, and which are allowed.  Pure.

Each experiment has a default schema.  It has no row in the store: its id is the experiment's id in hexadecimal, so that reading
the schemas of an experiment writes nothing.
"""

import re
from typing import Any, ClassVar

from msgspec import Struct

from trackside.core import names
from trackside.core.errors import AlreadyExists, Invalid, NotFound
from trackside.core.http.codec import Answer, Call, Part

MAX_NAME = 250
MAX_INSTRUCTION = 1_000
MAX_LABEL = 64
MAX_OPTIONS = 10
DEFAULT_NAME = "Feedback"
DEFAULT_INSTRUCTION = "Share any feedback on this trace."
DEFAULT_INPUT = '{"text":{}}'
DEFAULT_RESULTS = 100
TYPES = ("FEEDBACK", "EXPECTATION")

_DEFAULT_ID = re.compile(r"ls-0([0-9a-f]{31})")


class PassFail(Part, frozen=True, omit_defaults=True):
    positive_label: str | None = None
    negative_label: str | None = None


class Categorical(Part, frozen=True, omit_defaults=True):
    options: list[str] | None = None
    multi_select: bool | None = None


class Numeric(Part, frozen=True, omit_defaults=True):
    min_value: float | None = None
    max_value: float | None = None


class Text(Part, frozen=True, omit_defaults=True):
    max_length: int | None = None


class Input(Part, frozen=True, omit_defaults=True):
    """The kind of answer: exactly one of the fields."""

    pass_fail: PassFail | None = None
    categorical: Categorical | None = None
    numeric: Numeric | None = None
    text: Text | None = None

    @property
    def kind(self) -> str:
        given = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        if len(given) != 1:
            raise Invalid(
                "Label schema `input` must have exactly one of `pass_fail`, `categorical`, `numeric`, or `text` set;"
                f" got {', '.join(given) or 'an empty oneof'}."
            )
        return given[0]


class LabelSchema(Answer, frozen=True):
    schema_id: str
    experiment_id: str
    name: str
    type: str
    enable_comment: bool
    input: Any  # in the form of `Input`
    created_at: int  # ms
    last_updated_at: int  # ms
    is_default: bool
    instruction: str | None = None
    created_by: str | None = None


class Create(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "name")
    experiment_id: str | None = None
    name: str | None = None
    type: str | None = None
    input: Input | None = None
    instruction: str | None = None
    enable_comment: bool = False


class Update(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("schema_id",)
    schema_id: str | None = None
    name: str | None = None
    instruction: str | None = None
    enable_comment: bool | None = None
    input: Input | None = None


class OfSchema(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("schema_id",)
    schema_id: str | None = None


class OfName(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "name")
    experiment_id: str | None = None
    name: str | None = None


class ListSchemas(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id",)
    experiment_id: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class Got(Answer, frozen=True):
    label_schema: LabelSchema


class Listed(Answer, frozen=True):
    label_schemas: list[LabelSchema] = []
    next_page_token: str | None = None


class New(Struct, frozen=True):
    """A checked schema to create."""

    name: str
    type: str
    input: Input
    instruction: str | None
    enable_comment: bool


def default_id(experiment_id: int) -> str:
    return f"ls-{experiment_id:032x}"


def experiment_of(schema_id: str) -> int | None:
    """Return the experiment whose default schema has the id; None for another schema."""
    found = _DEFAULT_ID.fullmatch(schema_id)
    number = int(found[1], 16) if found else 2**63
    return number if number < 2**63 else None


def read(call: Create) -> New:
    if call.type not in TYPES:
        raise Invalid(f"Label schema `type` must be one of {list(TYPES)}; got {call.type!r}.")
    return New(
        check_name(call.name),
        call.type or "",
        check_input(call.input),
        check_instruction(call.instruction),
        call.enable_comment,
    )


def check_name(name: str | None) -> str:
    if not name:
        raise Invalid("Label schema `name` must be a non-empty string.")
    if len(name) > MAX_NAME:
        raise Invalid(f"Label schema `name` must be at most {MAX_NAME} characters; got {len(name)}.")
    if name.strip().lower() == DEFAULT_NAME.lower():
        raise Invalid(
            f"`{name}` is reserved for the experiment's default question and cannot be used for another label schema."
        )
    return name


def check_instruction(text: str | None) -> str | None:
    if text is not None and len(text) > MAX_INSTRUCTION:
        raise Invalid(f"Label schema `instruction` must be at most {MAX_INSTRUCTION} characters; got {len(text)}.")
    return text


def check_input(given: Input | None) -> Input:
    wanted = given or Input()
    match wanted.kind:
        case "pass_fail":
            _check_pass_fail(wanted.pass_fail or PassFail())
        case "categorical":
            _check_options((wanted.categorical or Categorical()).options or [])
        case "numeric":
            numeric = wanted.numeric or Numeric()
            low, high = numeric.min_value, numeric.max_value
            if (
                any(each is not None and abs(each) == float("inf") for each in (low, high))
                or low != low
                or high != high
            ):
                raise Invalid("`InputNumeric.min_value` and `max_value` must be finite numbers.")
            if low is not None and high is not None and low >= high:
                raise Invalid(
                    f"`InputNumeric.min_value` must be strictly less than `max_value`; got min={low}, max={high}."
                )
        case _:
            length = (wanted.text or Text()).max_length
            if length is not None and length < 1:
                raise Invalid(f"`InputText.max_length` must be at least 1; got {length}.")
    return wanted


def check_unchanged(old: Input, new: Input) -> None:
    """Raise Invalid if earlier answers would be invalid for the new input."""
    if old.kind != new.kind:
        raise Invalid(
            f"A label schema's input type cannot be changed after creation (existing: {old.kind}, got: {new.kind})."
        )
    if old.categorical and new.categorical and bool(old.categorical.multi_select) != bool(new.categorical.multi_select):
        raise Invalid("`InputCategorical.multi_select` cannot be changed after creation.")


def _check_pass_fail(given: PassFail) -> None:
    for field in ("positive_label", "negative_label"):
        label = getattr(given, field)
        if not label:
            raise Invalid(f"`InputPassFail.{field}` must be a non-empty string; got {label!r}.")
        if len(label) > MAX_LABEL:
            raise Invalid(f"`InputPassFail.{field}` must be at most {MAX_LABEL} characters; got {len(label)}.")
    if given.positive_label == given.negative_label:
        raise Invalid(
            "`InputPassFail.positive_label` and `negative_label` must be distinct; "
            f"got {given.positive_label!r} for both."
        )


def _check_options(options: list[str]) -> None:
    if not options:
        raise Invalid("`InputCategorical.options` must be a non-empty list; got [].")
    if len(options) > MAX_OPTIONS:
        raise Invalid(f"`InputCategorical.options` must have at most {MAX_OPTIONS} entries; got {len(options)}.")
    for option in options:
        if not option:
            raise Invalid("`InputCategorical.options` entries must be non-empty strings; got ''.")
        if len(option) > MAX_LABEL:
            raise Invalid(
                f"`InputCategorical.options` entries must be at most {MAX_LABEL} characters; got {len(option)}."
            )
    if len(set(options)) < len(options):
        raise Invalid("`InputCategorical.options` must be deduplicated; an option appears twice.")


def missing(schema_id: str) -> NotFound:
    return NotFound(f"Label schema with id '{schema_id[:100]}' not found.")


def taken(name: str, experiment_id: str) -> AlreadyExists:
    return AlreadyExists(f"Label schema with name '{name}' already exists for experiment '{experiment_id}'.").because(
        "taken", kind="label_schema", name=name
    )


def not_named(name: str, experiment_id: str) -> NotFound:
    return NotFound(f"Label schema with name {names.shown(name)} not found for experiment '{experiment_id}'.")
