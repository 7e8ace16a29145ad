"""Output of commands with texts of other users."""

import marshal

import pytest

from trackside.cli import output


def test_a_table_has_escapes_in_place_of_control_characters() -> None:
    shown = output.table([("NAME", "VALUE"), ("\x1b[2Jiris\nforged", "tab\t\x9b1mé")])

    assert shown == "NAME                 VALUE\n\\x1b[2Jiris\\nforged  tab\\t\\x9b1mé"


def test_a_complaint_has_escapes_in_place_of_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_error("no model\n\x1b]0;title\x07")

    assert capsys.readouterr().err == "trackside: no model \\x1b]0;title\\x07\n"


def test_a_damaged_file_of_bytecode_is_not_mistaken_for_the_end_of_standard_input() -> None:
    code = marshal.dumps(compile("1 + 1", "module.py", "eval"))

    with pytest.raises(EOFError, match="marshal data too short"):
        output.guarded(lambda: len(marshal.loads(code[:-1])))
