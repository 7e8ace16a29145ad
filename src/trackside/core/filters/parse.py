"""Parses the text of filters and orders.  `fields` resolves and checks the names.

filter      = conjunction { OR conjunction }
conjunction = part { [AND] part }               as in MLflow, an AND may be missing, doubled, first or last
part        = NOT part | "(" filter ")" | clause
clause      = field comparator value
            | field [NOT] (LIKE | ILIKE) value
            | field [NOT] CONTAINS (value | "(" value ")")   in parentheses with the escapes of lists
            | field [NOT] IN "(" value { "," value } [","] ")"
            | field [NOT] BETWEEN value AND value
            | field IS [NOT] NULL
field       = name | function "(" name ")"
order       = field [ASC | DESC]
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.filters.fields import CONTAINS, LIKES, Clause, Fields, Literal, comparison, resolve
from trackside.core.filters.nodes import And, Comparison, Field, Filter, Not, Or, Order
from trackside.core.filters.patterns import check_like, check_part
from trackside.core.filters.tokens import (
    Kind,
    Malformed,
    Token,
    ill_formed_list,
    invalid_clause,
    string_of_list,
    tokenize,
)

MAX_NESTING = 100  # of parentheses: bounds the recursion of the parser
MAX_DEPTH = 20  # after nested ANDs are merged; older SQLites have a parser stack of 100 symbols
MAX_CLAUSES = 100
MAX_VALUES = 8_000
MAX_LIKES_COST = 16_000  # of all patterns of a filter
MAX_ORDERS = 20

_PATTERNS = ("LIKE", "ILIKE", "RLIKE")  # RLIKE is parsed as in MLflow; only searches of traces accept it
_COMPARATORS = frozenset(
    {"!=", "<>", "<", "<=", ">", ">=", "LIKE", "ILIKE", "RLIKE", "CONTAINS", "IN", "NOT", "IS", "BETWEEN"}
)

Read = Callable[[Clause], Comparison]  # raises Invalid for names and values that the search does not have


def parse_filter(text: str | None, fields: Fields) -> Filter | None:
    """Return the filter; None for a text without conditions, which matches everything."""
    return parse_clauses(text, lambda clause: comparison(clause, fields))


def parse_clauses(text: str | None, read: Read) -> Filter | None:
    """Return the filter of a search whose clauses `read` checks."""
    if not text or text.isspace():
        return None
    tokens = tokenize(text)
    for token, following in pairwise(tokens):
        if token.text == ";" and following.kind is not Kind.END:
            raise Invalid(f"Search filter contained multiple expression {text!r}. Provide AND-ed expression list.")
    parser = _Parser(tokens, text, read)
    if all(token.word == "AND" for token in tokens[:-1]):
        return None
    tree = parser.filter()
    parser.expect_end()
    # The grammar first, then the names: a filter with both faults is reported as malformed.
    if parser.faults:
        raise parser.faults[0]
    cost = _like_cost(tree)
    if cost > MAX_LIKES_COST:
        raise Invalid(
            f"The LIKE patterns of the filter cost {cost} together, the sum of each one's length times its wildcards "
            f"%; at"
            f" most {MAX_LIKES_COST} are allowed. Use shorter patterns or fewer wildcards."
        )
    if _depth(tree) > MAX_DEPTH:
        raise Invalid(f"The filter is nested deeper than {MAX_DEPTH} levels of AND within OR within AND")
    return tree


def parse_field(text: str, fields: Fields) -> Field:
    """Return the field that a text such as `min(metrics.loss)` denotes."""
    parser = _Parser(tokenize(text), text, _reads_none)
    name, function = parser.field()
    if parser.peek().kind is not Kind.END:
        raise Invalid(f"Invalid field '{text}': one field is expected, such as metrics.loss or params.`batch size`")
    return resolve(name, function, fields)


class Checked(Struct, frozen=True):
    """The fault of a filter and its range in the text; `expected` is what should be at `start`.

    `field` is the last field that was parsed."""

    fault: Invalid | None = None
    start: int = 0
    end: int = 0
    expected: str = ""
    field: tuple[str, str | None] | None = None


def check_filter(text: str, fields: Fields) -> Checked:
    """Return the first fault of a filter, the grammar before the names."""
    parser: _Parser | None = None
    try:
        tokens = tokenize(text)
        parser = _Parser(tokens, text, lambda clause: comparison(clause, fields))
        if all(token.kind is Kind.END or token.word == "AND" for token in tokens):
            return Checked()
        parser.filter()
        parser.expect_end()
    except Malformed as fault:
        field = None if parser is None else parser.last_field
        return Checked(fault, fault.start, fault.start + fault.length, fault.expected, field)
    except Invalid as fault:
        at = 0 if parser is None else min(parser.peek(-1).start, len(text))
        return Checked(fault, at, len(text), field=None if parser is None else parser.last_field)
    if parser.faults:
        return Checked(parser.faults[0], *parser.spans[0], field=parser.last_field)
    try:
        parse_filter(text, fields)
    except Invalid as fault:
        return Checked(fault, 0, len(text))
    return Checked(field=parser.last_field)


def parse_order_by(clauses: Iterable[str], fields: Fields) -> tuple[Order, ...]:
    texts = list(clauses)
    if len(texts) > MAX_ORDERS:
        raise Invalid(f"`order_by` has {len(texts)} fields; at most {MAX_ORDERS} are allowed")
    orders = tuple(_parse_order(text, fields) for text in texts)
    if len({order.field for order in orders}) != len(orders):
        raise Invalid(f"`order_by` contains duplicate fields: {texts}")
    return orders


def _parse_order(text: str, fields: Fields) -> Order:
    name, function, ascending = _ordering(text)
    return Order(resolve(name, function, fields, ordering=True), ascending=ascending)


def parse_name_and_direction(text: str) -> tuple[str, bool]:
    """Return the name of a clause of `order_by` as written, and whether it ascends."""
    name, function, ascending = _ordering(text)
    if function is not None:
        raise Invalid(f"Invalid order_by clause '{text}'. Could not be parsed.")
    return name, ascending


def parse_name_and_value(text: str) -> tuple[str, str]:
    """Return the name and the value of a text of one clause: `name = 'value'`."""
    parser = _Parser(tokenize(text), text, _reads_none)
    name, function = parser.field()
    sign, value, end = parser.next(), parser.next(), parser.next()
    if sign.text.upper() in _COMPARATORS:
        raise Invalid(f"Invalid comparator: '{sign.text}', only '=' operator is supported")
    if function is not None or sign.text != "=" or end.kind is not Kind.END:
        raise Invalid(f"Invalid filter: '{text[:200]}'. Expected one filter clause, such as trace.status = 'OK'.")
    if value.kind is not Kind.STRING and not value.is_quoted:
        raise Invalid(f"Invalid filter: '{text[:200]}'. The value must be in quotes.")
    return name, value.text[1:-1]


def _ordering(text: str) -> tuple[str, str | None, bool]:
    unreadable = Invalid(f"Invalid order_by clause '{text}'. Could not be parsed.")
    try:
        parser = _Parser(tokenize(text), text, _reads_none)
        name, function = parser.field()
    except Invalid:
        raise unreadable from None
    direction = parser.next()
    if direction.kind is Kind.END:
        return name, function, True
    if direction.kind is not Kind.NAME or parser.peek().kind is not Kind.END:
        raise unreadable
    if direction.word not in ("ASC", "DESC"):
        raise Invalid(f"Invalid ordering key in order_by clause '{text}'.")
    if name[0] in '`"' and name.find(name[0], 1) == len(name) - 1:
        name = name[1:-1]  # MLflow reads quotes around the whole name if a direction follows
    return name, function, direction.word == "ASC"


def _reads_none(clause: Clause) -> Comparison:
    raise Invalid(f"Invalid field '{clause.name}': one field is expected")


class _Parser:
    """A recursive-descent parser over tokens.  `faults` are those of well-formed clauses, kept until the grammar is checked."""

    def __init__(self, tokens: Sequence[Token], text: str, read: Read) -> None:
        self.faults: list[Invalid] = []
        self.spans: list[tuple[int, int]] = []  # of the faults
        self.last_field: tuple[str, str | None] | None = None
        self._tokens = tokens
        self._text = text
        self._read = read
        self._at = 0
        self._depth = 0
        self._clauses = 0
        self._values = 0

    def peek(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def next(self) -> Token:
        token = self.peek()
        self._at += 1
        return token

    def expect_end(self) -> None:
        if self.peek().kind is not Kind.END:
            raise self._unexpected("AND, OR or the end")

    def filter(self) -> Filter:
        parts: list[Filter] = []
        while True:
            part = self._conjunction()
            parts += part.parts if isinstance(part, Or) else [part]
            if not self._take("OR"):
                return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def field(self) -> tuple[str, str | None]:
        """Return a name and, if it is inside a function's parentheses, the function."""
        token = self.next()
        if token.kind is not Kind.NAME:
            raise self._unexpected("a field", token)
        if self.peek().text != "(":
            return token.text, None
        self.next()
        name = self.next()
        if name.kind is not Kind.NAME:
            raise self._unexpected("a field", name)
        self._expect(")")
        return name.text, token.text

    def _conjunction(self) -> Filter:
        parts: list[Filter] = []
        while True:
            while self._take("AND"):
                pass
            if parts and (self.peek().kind is Kind.END or self.peek().text == ")" or self.peek().word == "OR"):
                return parts[0] if len(parts) == 1 else And(tuple(parts))
            part = self._part()
            parts += part.parts if isinstance(part, And) and part.parts else [part]

    def _part(self) -> Filter:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise Invalid(f"The filter is nested deeper than {MAX_NESTING} levels")
        part: Filter
        if self._take("NOT"):
            negated = self._part()
            part = negated.part if isinstance(negated, Not) else Not(negated)
        elif self.peek().text == "(":
            self.next()
            part = self.filter()
            self._expect(")")
        else:
            part = self._clause()
        self._depth -= 1
        return part

    def _clause(self) -> Filter:
        self._clauses += 1
        if self._clauses > MAX_CLAUSES:
            raise Invalid(f"The filter has more than {MAX_CLAUSES} comparisons")
        first = self.peek()
        if first.kind in (Kind.NUMBER, Kind.STRING) and self.peek(1).kind is Kind.OPERATOR:
            message = f"Invalid comparison clause. Expected 'Identifier' found '{first.text}'"
            fault = Malformed(message, start=first.start, length=len(first.text), expected="a field")
            raise fault.because("filter-syntax", text=first.text, expected="a field", at=str(first.start + 1))
        self.last_field = name, function = self.field()
        operator, values = self._test()
        try:
            return self._read(Clause(name, function, operator, values))
        except Invalid as wrong:
            last = self._tokens[self._at - 1]
            self.faults.append(wrong)
            self.spans.append((first.start, last.start + len(last.text)))
            return And(())

    def _test(self) -> tuple[str, tuple[Literal, ...]]:
        token = self.next()
        if token.kind is Kind.OPERATOR:
            return token.text, (self._value(),)
        if token.word == "IS":
            negated = self._take("NOT")
            if not self._take("NULL"):
                raise self._unexpected("NULL")
            return ("IS NOT NULL" if negated else "IS NULL"), ()
        negation = ""
        if token.word == "NOT":
            negation = "NOT "
            token = self.next()
        if token.word in _PATTERNS:
            return negation + token.word, (self._value(),)
        if token.word == "CONTAINS":
            return negation + "CONTAINS", self._part_of_text()
        if token.word == "IN":
            return negation + "IN", self._list()
        if token.word == "BETWEEN":
            low = self._value()
            if not self._take("AND"):
                raise self._unexpected("AND")
            return negation + "BETWEEN", (low, self._value())
        raise self._unexpected("a comparison", token)

    def _value(self) -> Literal:
        token = self.next()
        if token.kind is Kind.STRING or (token.kind is Kind.NAME and token.is_quoted):
            return Literal(token.text, token.text[1:-1])
        if token.kind is Kind.NUMBER:
            return Literal(token.text, _number(token.text))
        if token.kind is Kind.NAME and token.word not in ("TRUE", "FALSE"):
            return Literal(token.text, None)
        raise self._unexpected("a value", token)

    def _part_of_text(self) -> tuple[Literal, ...]:
        """Return the text of CONTAINS.  In parentheses it may contain both kinds of quotes."""
        if self.peek().text != "(":
            return (self._value(),)
        opened = self.peek()
        values = self._list()
        if len(values) > 1:
            raise self._unexpected("one text in parentheses", opened)
        return values

    def _list(self) -> tuple[Literal, ...]:
        self._expect("(")
        if all(token.text != ")" for token in self._tokens[self._at :]):
            raise self._unexpected("a list in parentheses")
        values: list[Literal] = []
        while self.peek().text != ")":
            values.append(self._element())
            self._values += 1
            if self._values > MAX_VALUES:
                raise Invalid(f"The filter's lists have more than {MAX_VALUES} values")
            if self.peek().text != ")" and self.next().text != ",":
                raise ill_formed_list()
        self.next()
        if not values:
            raise Invalid(
                "While parsing a list in the query, expected a non-empty list of string values, but got empty list"
            ).because("filter-list")
        return tuple(values)

    def _element(self) -> Literal:
        token = self.next()
        if token.kind is Kind.NUMBER:
            return Literal(token.text, _number(token.text))
        text = ""
        start = token.start
        while token.kind is Kind.STRING or (token.kind is Kind.NAME and token.is_quoted):
            text += string_of_list(token)
            if self.peek().text in (",", ")"):
                return Literal(self._text[start : self.peek().start], text)
            token = self.next()
        raise ill_formed_list()

    def _take(self, word: str) -> bool:
        if self.peek().word == word:
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        token = self.next()
        if token.text != mark:
            raise self._unexpected(f"'{mark}'", token)

    def _unexpected(self, wanted: str, token: Token | None = None) -> Invalid:
        token = token or self.peek()
        if token.kind is Kind.END:
            reason = f"it ends where {wanted} is expected"
            return invalid_clause(self._text[-40:].strip(), reason, start=token.start, expected=wanted)
        reason = f"{wanted} is expected at character {token.start + 1}"
        return invalid_clause(token.text[:40], reason, start=token.start, length=len(token.text), expected=wanted)


def _like_cost(tree: Filter) -> int:
    match tree:
        case And(parts) | Or(parts):
            return sum(map(_like_cost, parts))
        case Not(part):
            return _like_cost(part)
    if tree.operator in CONTAINS:
        return check_part(str(tree.values[0]))
    return check_like(str(tree.values[0])) if tree.operator in LIKES else 0


def _depth(tree: Filter) -> int:
    match tree:
        case And(parts) | Or(parts):
            return 1 + max(map(_depth, parts))
        case Not(part):
            return 1 + _depth(part)
        case _:
            return 0


def _number(text: str) -> int | float:
    """Return a whole number as an int if a database can store it, else as a float."""
    digits = text.lstrip("+-")
    if digits.isascii() and digits.isdigit() and len(digits) < 19:
        return int(text)
    return float(text)
