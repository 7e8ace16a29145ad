"""Output of commands with texts of other users."""

import pytest

from trackside.cli import output


def test_a_table_has_escapes_in_place_of_control_characters() -> None:
    shown = output.table([("NAME", "VALUE"), ("\x1b[2Jiris\nforged", "tab\t\x9b1mé")])

    assert shown == "NAME                 VALUE\n\\x1b[2Jiris\\nforged  tab\\t\\x9b1mé"


def test_a_complaint_has_escapes_in_place_of_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_error("no model\n\x1b]0;title\x07")

    assert capsys.readouterr().err == "trackside: no model \\x1b]0;title\\x07\n"
