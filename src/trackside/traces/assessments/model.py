"""Assessments in the API, and their stored form.  Pure.

Values are stored as JSON texts.  A list or an object of an expectation is sent as a text in `serialized_value`, as MLflow's
clients do.
"""

import json
import math
from typing import Any

from msgspec import Struct

from trackside.core import names
from trackside.core.errors import Invalid
from trackside.core.http import codec
from trackside.core.http.codec import Answer, Call, Part
from trackside.traces import model as m

FEEDBACK, EXPECTATION, ISSUE = "feedback", "expectation", "issue"
MAX_NAME = 250
MAX_SOURCE = 250
JSON_FORMAT = "JSON_FORMAT"
SOURCES = ("SOURCE_TYPE_UNSPECIFIED", "HUMAN", "LLM_JUDGE", "CODE", "AI_JUDGE")
MASKS = {
    "assessment_name": "name",
    "expectation": EXPECTATION,
    "feedback": FEEDBACK,
    "rationale": "rationale",
    "metadata": "metadata",
    "valid": "valid",
}


class Source(Part, frozen=True):
    source_type: str | None = None
    source_id: str | None = None


class WireFeedback(Part, frozen=True):
    value: Any = None
    error: Any = None


class Serialized(Part, frozen=True):
    serialization_format: str | None = None
    value: str | None = None


class WireExpectation(Part, frozen=True):
    value: Any = None
    serialized_value: Serialized | None = None


class WireIssue(Part, frozen=True):
    issue_name: str | None = None


class WireAssessment(Part, frozen=True):
    assessment_id: str | None = None
    assessment_name: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    source: Source | None = None
    create_time: str | None = None
    last_update_time: str | None = None
    feedback: WireFeedback | None = None
    expectation: WireExpectation | None = None
    issue: WireIssue | None = None
    rationale: str | None = None
    error: Any = None  # the former place of a feedback's error
    metadata: dict[str, str] | None = None
    overrides: str | None = None
    valid: bool | None = None


class Create(Call, frozen=True):
    required = ("assessment",)
    trace_id: str = ""
    assessment: WireAssessment | None = None


class Update(Call, frozen=True):
    required = ("assessment", "update_mask")
    trace_id: str = ""
    assessment_id: str = ""
    assessment: WireAssessment | None = None
    update_mask: Any = None  # "a,b" as in protobuf's JSON, or {"paths": [...]}


class OfAssessment(Call, frozen=True):
    trace_id: str = ""
    assessment_id: str = ""


class Got(Answer, frozen=True):
    assessment: dict[str, Any]


class Assessment(Struct, frozen=True):
    """A row of `trace_assessments` without its keys."""

    assessment_id: str
    name: str
    kind: str
    value: str  # JSON
    error: str | None  # JSON
    source_type: str
    source_id: str | None
    created_ms: int
    updated_ms: int
    rationale: str | None
    span_id: str | None
    metadata: dict[str, str]
    overrides: str | None
    is_valid: bool

    @property
    def number(self) -> tuple[bool, float | None]:
        """Return whether the value is a number, and its value in metrics: also 1 and 0 for yes and no."""
        value = json.loads(self.value)
        if isinstance(value, bool):
            return False, float(value)
        if isinstance(value, int | float):
            try:
                number = float(value)
            except OverflowError:
                return False, None
            return (True, number) if math.isfinite(number) else (False, None)
        if isinstance(value, str):
            return False, {"yes": 1.0, "no": 0.0}.get(value.strip().lower())
        return False, None


def read(given: Any, assessment_id: str, now: int) -> Assessment:
    """Return the assessment of a call.  Raise Invalid."""
    wire = given if isinstance(given, WireAssessment) else codec.decode_body(WireAssessment, codec.encode(given))
    kind, value, error = _content(wire)
    name = wire.assessment_name or (wire.issue.issue_name if wire.issue is not None else None) or ""
    if not name:
        raise codec.missing("assessment.assessment_name")
    if len(name) > MAX_NAME:
        raise Invalid(f"assessment_name has {len(name)} characters; at most {MAX_NAME} are allowed")
    source = wire.source or Source()
    created = m.time_ms(wire.create_time) or now
    return Assessment(
        assessment_id=assessment_id,
        name=name,
        kind=kind,
        value=value,
        error=error,
        source_type=source_type(source.source_type),
        source_id=None if source.source_id is None else source.source_id[:MAX_SOURCE],
        created_ms=created,
        updated_ms=m.time_ms(wire.last_update_time) or created,
        rationale=wire.rationale,
        span_id=wire.span_id or None,
        metadata=m.cut_map(wire.metadata, m.MAX_METADATA),
        overrides=wire.overrides or None,
        is_valid=wire.valid is not False,
    )


def updated(old: Assessment, call: Update, now: int) -> Assessment:
    """Return the assessment with the fields of the mask updated.  Its source and span stay unchanged; metadata is merged."""
    wire = call.assessment or WireAssessment()
    paths = paths_of(call.update_mask)
    fields: dict[str, Any] = {name: getattr(old, name) for name in old.__struct_fields__}
    if {EXPECTATION, FEEDBACK} <= paths:
        raise Invalid("Cannot specify both `expectation` and `feedback` parameters.")
    if EXPECTATION in paths and old.kind != EXPECTATION:
        raise Invalid("Cannot update expectation value on a Feedback assessment.")
    if FEEDBACK in paths and old.kind != FEEDBACK:
        raise Invalid("Cannot update feedback value on an Expectation assessment.")
    if paths & {EXPECTATION, FEEDBACK}:
        _, fields["value"], fields["error"] = _content(wire)
    if "name" in paths and wire.assessment_name:
        fields["name"] = wire.assessment_name[:MAX_NAME]
    if "rationale" in paths:
        fields["rationale"] = wire.rationale
    if "metadata" in paths:
        fields["metadata"] = {**old.metadata, **m.cut_map(wire.metadata, m.MAX_METADATA)}
    if "valid" in paths:
        fields["is_valid"] = wire.valid is not False
    return Assessment(**{**fields, "updated_ms": now})


def paths_of(mask: Any) -> set[str]:
    """Return the fields of a mask in snake case; protobuf's JSON has them in camel case, separated by commas."""
    given = mask.split(",") if isinstance(mask, str) else mask.get("paths") if isinstance(mask, dict) else None
    if not isinstance(given, list):
        raise Invalid(f"update_mask is {str(mask)[:200]!r}; it must be names of fields, such as 'feedback,rationale'")
    snake = ("".join(f"_{char.lower()}" if char.isupper() else char for char in str(path).strip()) for path in given)
    return {MASKS[path] for path in snake if path in MASKS}


def source_type(text: str | None) -> str:
    found = (text or "CODE").upper()
    if found in ("0", "1", "2", "3"):
        found = SOURCES[int(found)]
    if found not in SOURCES:
        raise Invalid(f"source_type is {names.shown(text or '')}; it must be one of {', '.join(SOURCES[1:4])}")
    return "LLM_JUDGE" if found == "AI_JUDGE" else found


def shown(found: Assessment, trace_id: str) -> dict[str, Any]:
    """Return an assessment in the form of MLflow's calls."""
    value = json.loads(found.value)
    made: dict[str, Any] = {
        "assessment_id": found.assessment_id,
        "assessment_name": found.name,
        "trace_id": trace_id,
        "source": {
            "source_type": found.source_type,
            **({} if found.source_id is None else {"source_id": found.source_id}),
        },
        "create_time": m.time_text(found.created_ms),
        "last_update_time": m.time_text(found.updated_ms),
        "valid": found.is_valid,
    }
    if found.kind == FEEDBACK:
        made[FEEDBACK] = {"value": value}
        if found.error is not None:
            made[FEEDBACK]["error"] = json.loads(found.error)
    elif found.kind == ISSUE:
        made[ISSUE] = {"issue_name": value if isinstance(value, str) else found.name}
    elif isinstance(value, dict | list):
        made[EXPECTATION] = {"serialized_value": {"serialization_format": JSON_FORMAT, "value": found.value}}
    else:
        made[EXPECTATION] = {"value": value}
    for key in ("span_id", "rationale", "overrides"):
        if (given := getattr(found, key)) is not None:
            made[key] = given
    if found.metadata:
        made["metadata"] = found.metadata
    return made


def _content(wire: WireAssessment) -> tuple[str, str, str | None]:
    """Return kind, value and error, both as JSON."""
    if wire.feedback is not None:
        error = wire.feedback.error or wire.error
        return FEEDBACK, _json(wire.feedback.value), None if error is None else _json(error)
    if wire.expectation is not None:
        serialized = wire.expectation.serialized_value
        if serialized is None:
            return EXPECTATION, _json(wire.expectation.value), None
        if serialized.serialization_format not in (None, JSON_FORMAT):
            raise Invalid(f"Unknown serialization format: {(serialized.serialization_format or '')[:100]}")
        try:
            return EXPECTATION, _json(json.loads(serialized.value or "null")), None
        except ValueError:
            raise Invalid("The serialized_value of an expectation is not JSON.") from None
    if wire.issue is not None:
        return ISSUE, _json(wire.issue.issue_name or ""), None
    raise Invalid("An assessment needs a feedback, an expectation or an issue; the call has none of them.")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
