"""`trackside workspace`, against a running server."""

from pathlib import Path

import pytest

from support.processes.servers import Server, trackside


def test_a_workspace_is_created_and_listed_with_its_tracking_uri(server: Server, tmp_path: Path) -> None:
    def workspace(*words: str) -> tuple[int, str, str]:
        return trackside("workspace", *words, "--server", server.url, cwd=tmp_path)

    made = workspace("create", "vision", "--description", "cameras", "--resource-group", "lab")
    again = workspace("create", "vision")
    listed = workspace("list")

    assert made == (0, f"created workspace vision; its tracking URI is {server.url}/ws/vision\n", "")
    assert (again[0], again[2]) == (2, "trackside: Workspace 'vision' already exists.\n")
    assert [line.split() for line in listed[1].splitlines()] == [
        ["NAME", "TRACKING", "URI", "DESCRIPTION"],
        ["default", server.url],
        ["vision", f"{server.url}/ws/vision", "cameras"],
    ]
    shown = server.api.get("/api/trackside/v1/workspaces/vision")["workspace"]
    assert shown["resource_group"] == "lab"


@pytest.mark.parametrize("words", [("link", "list"), ("job", "list"), ("import", "mlruns")], ids=" ".join)
def test_a_command_in_a_workspace_that_does_not_exist_says_how_to_make_it(
    server: Server, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "mlruns").mkdir()

    code, _, complaint = trackside(*words, "--server", server.url, "-w", "team-a", cwd=tmp_path)

    assert (code, complaint.count("\n")) == (2, 1)
    assert "Workspace 'team-a' not found; `trackside workspace list`" in complaint
