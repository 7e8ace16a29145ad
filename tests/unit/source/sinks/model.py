"""What a review of a place says."""

from dataclasses import dataclass

OPERATOR = "operator"  # flags, variables, files of the data folder, words of the command line
CONSTANT = "constant"  # nothing in it comes from anybody: names of tables, numbers, generated names


@dataclass(frozen=True)
class Reviewed:
    """`checked_by`: the dotted name of a function, OPERATOR or CONSTANT.  `places`: by module the functions; `*` for all."""

    kind: str
    checked_by: str
    why: str
    places: dict[str, str]
