"""A link to a closed address is refused; only administrators get the reason."""

import pytest
from msgspec.structs import replace

from support.client import Api, Inside
from support.links import LINKS
from support.processes.servers import Server
from trackside import app
from trackside.core.settings import Settings


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "2852039166"])
def test_a_link_to_metadata_is_refused(server: Server, host: str) -> None:
    status, code, message = server.api.fault(LINKS, name="x", to=f"http://{host}")

    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "where clouds serve the metadata of machines" in message


def test_a_link_to_an_unreachable_remote_is_not_the_callers_mistake(server: Server) -> None:
    status, code, _ = server.api.fault(LINKS, name="x", to="http://127.0.0.1:9")

    assert (status, code) == (503, "TEMPORARILY_UNAVAILABLE")


def test_a_server_for_others_answers_closed_and_unreachable_addresses_alike(sqlite_settings: Settings) -> None:
    application = app.build(replace(sqlite_settings, host="tracking.example"))
    inside = Inside(application.asgi)
    said = [Api(inside).fault(LINKS, name="x", to=f"http://{host}") for host in ("169.254.169.254", "127.0.0.1:9")]
    inside.close()
    application.close()

    assert [(status, message.partition(" ")[2]) for status, _, message in said] == [
        (503, "cannot be reached by this server")
    ] * 2
