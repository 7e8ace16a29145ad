"""Filters as text, and in their shortest form."""

import math

from trackside.core.filters.nodes import Aggregate, And, Comparison, Entity, Filter, Not, Or
from unit.filters.runs import LISTS


def written(tree: Filter) -> str:
    match tree:
        case And(parts):
            return " AND ".join(f"({written(part)})" for part in parts)
        case Or(parts):
            return " or ".join(f"({written(part)})" for part in parts)
        case Not(part):
            return f"NOT ({written(part)})"
        case Comparison(field, operator, values):
            pass
    key = field.key if field.entity is Entity.ATTRIBUTE else f"{field.entity}.`{field.key}`"
    name = key if field.aggregate is Aggregate.LAST else f"{field.aggregate}({key})"
    literals = [literal(value, in_list=operator in LISTS) for value in values]
    if operator in LISTS:
        return f"{name} {operator} ({', '.join(literals)})"
    return f"{name} {operator} {' AND '.join(literals)}".strip()


def literal(value: str | float, *, in_list: bool) -> str:
    if not isinstance(value, str):
        return "1e999" if value == math.inf else repr(value)
    if "\\" in value:
        raise ValueError(value)
    if in_list:
        return repr(value)
    if "'" in value and '"' in value:
        raise ValueError(value)
    return f'"{value}"' if "'" in value else f"'{value}'"


def normal(tree: Filter) -> Filter:
    """Without the groups that say nothing."""
    match tree:
        case And(parts):
            return And(
                tuple(flat for part in map(normal, parts) for flat in (part.parts if isinstance(part, And) else [part]))
            )
        case Or(parts):
            return Or(
                tuple(flat for part in map(normal, parts) for flat in (part.parts if isinstance(part, Or) else [part]))
            )
        case Not(Not(part)):
            return normal(part)
        case Not(part):
            inner = normal(part)
            return inner.part if isinstance(inner, Not) else Not(inner)
        case _:
            return tree
