"""The number of links of a server is limited, since each takes a thread."""

from collections.abc import Callable

from support.links import LINKS, add
from support.processes.servers import Server


def test_a_link_beyond_the_limit_is_refused_before_any_remote_call(start: Callable[..., Server]) -> None:
    server = start("--max-links", "1")
    north, south = server.api.new_workspace("north"), server.api.new_workspace("south")
    add(north, "first", f"{server.url}/ws/south")

    status, code, message = south.fault(LINKS, name="second", to="http://127.0.0.1:9")
    north.ask("DELETE", f"{LINKS}/first")
    again = add(south, "second", f"{server.url}/ws/north")

    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert message.startswith("This server has 1 links")
    assert again["name"] == "second"
