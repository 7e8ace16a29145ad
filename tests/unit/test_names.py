"""Keys and names that are stored, and those that are refused."""

import pytest

from trackside.core import names
from trackside.core.errors import Invalid


def test_a_key_may_become_part_of_a_path(subtests: pytest.Subtests) -> None:
    cases = ["a", "a/b", "a b:c.d-e_f", "é", "..a/b".removeprefix(".."), "a.", "a..b", ".a"]
    for key in cases:
        with subtests.test(key=key):
            names.check_key(key, "key")

            assert names.fault_of(key) is names.path_fault(key) is None


def test_an_unsafe_key_of_a_path_is_refused(subtests: pytest.Subtests) -> None:
    cases = ["", ".", "..", "../a", "..a", "/a", "//a", "a//b", "a/", "a/./b", "a/../b"]
    for key in cases:
        with subtests.test(key=key):
            fault = names.path_fault(key)

            assert fault is not None
            assert "must not resolve to other names when treated as such. This name would resolve to '" in fault
            assert names.fault_of(key) == fault
            with pytest.raises(Invalid) as caught:
                names.check_key(key, "metrics[0].name")
            assert caught.value.message == f"Invalid value \"{key}\" for parameter 'metrics[0].name' supplied: {fault}"


def test_a_key_has_no_other_characters(subtests: pytest.Subtests) -> None:
    for key in ["a*b", "a'b", "a\nb", "a\\b", "a%"]:
        with subtests.test(key=key):
            assert (names.fault_of(key) or "").startswith("Names may only contain alphanumerics, underscores (_)")


def test_an_id_of_an_item_from_elsewhere(subtests: pytest.Subtests) -> None:
    for item_id in ["a", "0", "a-b_C9", "x" * 250]:
        with subtests.test(item_id=item_id):
            assert names.check_item_id(item_id, "run_id") == item_id


def test_an_id_that_could_mean_something_in_a_path_is_refused(subtests: pytest.Subtests) -> None:
    cases = [
        ("", '""'),
        ("-a", '"-a"'),
        ("_a", '"_a"'),
        ("a/b", '"a/b"'),
        ("é", r'"\u00e9"'),
        ("a\n", r'"a\n"'),
        ("x" * 301, f'"{"x" * 300}"'),
        ("x" * 251, f'"{"x" * 251}"'),
    ]
    for item_id, shown in cases:
        with subtests.test(item_id=item_id, shown=shown):
            with pytest.raises(Invalid) as caught:
                names.check_item_id(item_id, "run_id")

            assert caught.value.message.startswith(f"run_id is {shown}; an id has 1 to 250 letters, digits, ")


def test_a_long_name_is_shown_in_part() -> None:
    assert names.shown("a" * 500) == f'"{"a" * 500}"'
    assert names.shown("a" * 501) == f'"{"a" * 500}\\u2026"'


def test_values_over_the_limits_are_refused() -> None:
    names.check_count(["x"] * names.MAX_NEW, "tags")
    names.check_length("x" * 5, "name", 5)

    with pytest.raises(
        Invalid, match=r"^'tags' has 1001 entries; a call may have 1000\. Send the others in further calls\.$"
    ):
        names.check_count(["x"] * (names.MAX_NEW + 1), "tags")
    with pytest.raises(Invalid, match=r"^'name' exceeds the maximum length of 5 characters$"):
        names.check_length("x" * 6, "name", 5)
