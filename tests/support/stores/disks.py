"""The disk of a server's artifacts, which tests unmount and mount again."""

from pathlib import Path

from support.processes.servers import Server


def unmount(server: Server) -> None:
    """Replace the mounted folder by an empty one."""
    Path(server.data, "artifacts").rename(Path(server.data, "unmounted"))
    Path(server.data, "artifacts").mkdir()


def mount(server: Server) -> None:
    Path(server.data, "artifacts").rename(Path(server.data, "made-meanwhile"))
    Path(server.data, "unmounted").rename(Path(server.data, "artifacts"))
