"""An S3 server on this machine, in a thread of the tests: moto's, which keeps everything in memory."""

import logging
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """The options that lead obstore to it.  It has the bucket `artifacts`."""
    moto = pytest.importorskip("moto.server")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        with urllib.request.urlopen(urllib.request.Request(f"{endpoint}/artifacts", method="PUT")):
            pass
        yield {"endpoint": endpoint, "region": "us-east-1", "access_key_id": "somebody", "secret_access_key": "secret"}
    finally:
        server.stop()
