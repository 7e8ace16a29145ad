"""The scorer's command line: load a model, listen, and answer until SIGTERM.

    python <folder of this package> --model FOLDER (--socket-fd N | --port N [--host ADDRESS]) [--keys FOLDER]
        [--name NAME] [--batching auto|on|off]
        [--threads 1] [--max-rows 4096] [--max-queue 512] [--timeout-s 60] [--max-body-mb 16] [--memory-mb 0] [--lifeline]

The line `ready` is written to standard output when requests are answered.  SIGTERM stops accepting connections, finishes the
requests under way, for at most `--grace-s`, and ends the process.
"""

import argparse
import asyncio
import gc
import importlib.metadata
import logging
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from functools import partial
from typing import Callable, Optional, Sequence

from trackside.scorer import documents
from trackside.scorer import model as models
from trackside.scorer.engine import Engine
from trackside.scorer.http import Connection, Service
from trackside.scorer.keys import Keys

BACKLOG = 1024


def main(argv: Sequence[str]) -> int:
    options = _options(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    if options.memory_mb:
        _limit_memory(options.memory_mb)
    lifeline = Lifeline() if options.lifeline else None
    model = models.load(options.model, batching=options.batching)
    try:
        import uvloop

        loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    except ImportError:
        loop = asyncio.new_event_loop()
    gc.collect()
    gc.freeze()  # the model stays: no collection has to look at it again
    try:
        loop.run_until_complete(_serve(model, options, loop, lifeline))
    finally:
        loop.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # a thread of a model that hangs must not keep the process


class Lifeline:
    """Standard input: a pipe, with its other end only in the parent process.

    The end of the pipe ends this process at once, even if the parent was killed.  A line calls `stop`.  A thread reads the pipe
    from the start, so a model that hangs during loading leaves no process behind."""

    def __init__(self) -> None:
        self.stop: Callable[[], object] = partial(os._exit, 0)  # no request is running while the model is loaded
        threading.Thread(target=self._read, name="lifeline", daemon=True).start()

    def _read(self) -> None:
        if os.read(0, 64):
            self.stop()
        else:
            os._exit(1)


async def _serve(
    model: models.Model, options: argparse.Namespace, loop: asyncio.AbstractEventLoop, lifeline: Optional[Lifeline]
) -> None:
    engine = Engine(
        model,
        loop,
        threads=options.threads,
        max_rows=options.max_rows,
        max_queue=options.max_queue,
        timeout_s=options.timeout_s,
    )
    service = Service(
        engine,
        model.columns,
        documents.of_model(options.name, model.metadata, _mlflow_version()),
        max_body_bytes=options.max_body_mb << 20,
        keys=Keys(options.keys) if options.keys else None,
    )
    factory = partial(Connection, service, loop)
    if options.socket_fd is not None:
        server = await loop.create_unix_server(factory, sock=_inherited(options.socket_fd), backlog=BACKLOG)
    else:
        server = await loop.create_server(factory, options.host, options.port, backlog=BACKLOG)
    ended = asyncio.Event()
    if lifeline is not None:
        lifeline.stop = partial(loop.call_soon_threadsafe, ended.set)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    port = "" if options.socket_fd is not None else f" {server.sockets[0].getsockname()[1]}"
    sys.stdout.write(f"ready{port}\n")
    sys.stdout.flush()
    threading.Thread(target=_complete, args=(model,), name="mlflow", daemon=True).start()
    await ended.wait()
    server.close()
    await _drain(service, engine, options.grace_s)
    engine.close()


def _mlflow_version() -> str:
    """Return MLflow's version without importing it."""
    with suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version("mlflow")
    return importlib.metadata.version("mlflow-skinny")


def _complete(model: models.Model) -> None:
    """Load MLflow after the start, for the requests that need it.  A model that it refuses ends the process, as at the start."""
    try:
        model.complete()
    except BaseException:  # of any kind: the controller has to see that this replica does not work
        logging.getLogger("trackside.scorer").exception("MLflow cannot load the model")
        os._exit(1)
    gc.collect()
    gc.freeze()


def _inherited(number: int) -> socket.socket:
    """Return the bound socket that the parent process handed over; processes that the model starts do not get it."""
    os.set_inheritable(number, False)
    return socket.socket(fileno=number)


def _limit_memory(megabytes: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


async def _drain(service: Service, engine: Engine, grace_s: float) -> None:
    """Wait until running answers are sent."""
    loop = asyncio.get_running_loop()
    until = loop.time() + grace_s
    service.is_ending = True
    while loop.time() < until:
        for connection in list(service.connections):
            connection.end_when_idle()
        if engine.is_idle() and not service.connections:
            return
        await asyncio.sleep(0.02)


def _options(argv: Sequence[str]) -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="trackside-scorer", description="Serve one MLflow model.")
    words.add_argument("--model", required=True, help="folder of the model")
    words.add_argument("--name", default="model", help="title in the OpenAPI document")
    where = words.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket-fd", type=int, default=None, help="file descriptor of a Unix socket that is bound")
    where.add_argument("--port", type=int, default=None, help="port on --host; 0 chooses a free one")
    words.add_argument("--host", default="127.0.0.1", help="address that --port is on (default 127.0.0.1)")
    words.add_argument("--keys", default="", help="folder with the SHA-256 of each key that callers may show")
    words.add_argument("--batching", choices=("auto", "on", "off"), default="auto")
    words.add_argument("--threads", type=int, default=1, help="evaluations at a time")
    words.add_argument("--max-rows", type=int, default=4096, help="rows that are scored together at most")
    words.add_argument("--max-queue", type=int, default=512, help="requests that may wait")
    words.add_argument("--timeout-s", type=float, default=60.0, help="seconds until a request is answered with 504")
    words.add_argument("--max-body-mb", type=int, default=16, help="MiB of a request's body at most")
    words.add_argument("--memory-mb", type=int, default=0, help="MiB of address space at most; 0 for no limit")
    words.add_argument(
        "--lifeline",
        action="store_true",
        help="stop when a line comes on standard input, and end when standard input is closed",
    )
    words.add_argument("--grace-s", type=float, default=30.0, help="seconds for answers under way after SIGTERM")
    options = words.parse_args(list(argv))
    _check(words, options)
    return options


def _check(words: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    wrong = [
        f"--{name.replace('_', '-')} is {getattr(options, name)}; it must be 1 or more"
        for name in ("threads", "max_rows", "max_queue", "max_body_mb")
        if getattr(options, name) < 1
    ]
    if options.timeout_s <= 0:
        wrong.append(f"--timeout-s is {options.timeout_s:g}; it must be more than 0")
    if wrong:
        words.error("; ".join(wrong))
