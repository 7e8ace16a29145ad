"""`trackside login` and `trackside logout` with a password, against a running server."""

from pathlib import Path

from support.people import ADMIN, OURS, PASSWORD, People
from support.processes.servers import Server, trackside


def test_a_user_with_other_tokens_signs_in_and_out_and_keeps_those(server: Server, tmp_path: Path) -> None:
    people = People(server.api).begin()
    people.admin.post(f"{OURS}/me/tokens", token_name="before")
    home = {"HOME": str(tmp_path)}

    signed_in = trackside("login", server.url, "--username", ADMIN, cwd=tmp_path, given=f"{PASSWORD}\n", **home)
    people.admin.post(f"{OURS}/me/tokens", token_name="after")
    out = trackside("logout", server.url, cwd=tmp_path, **home)

    names = {each["name"] for each in people.admin.get(f"{OURS}/me/tokens")["tokens"]}
    assert (signed_in[0], signed_in[2]) == (0, "")
    assert out == (0, f"signed out of {server.url}; its token is revoked\n", "")
    assert names == {"before", "after"}
