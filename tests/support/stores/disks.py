"""The disk of a server's artifacts, which can go away and come back."""

from pathlib import Path

from support.processes.servers import Server


def unmount(server: Server) -> None:
    """Where it was mounted is an empty folder."""
    Path(server.data, "artifacts").rename(Path(server.data, "unmounted"))
    Path(server.data, "artifacts").mkdir()


def mount(server: Server) -> None:
    Path(server.data, "artifacts").rename(Path(server.data, "made-meanwhile"))
    Path(server.data, "unmounted").rename(Path(server.data, "artifacts"))
