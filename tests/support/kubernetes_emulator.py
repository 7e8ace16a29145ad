"""Kubernetes' API server in memory, by kmock.  It keeps objects and runs nothing."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp.web
import kmock


class _Emulator(kmock.KubernetesEmulator):  # type: ignore[misc]  # mypy does not follow its imports
    """One that answers errors with their own status, as a real API server does; kmock 0.8 answers 500."""

    async def _handle(self, request: Any) -> Any:
        try:
            return await super()._handle(request)
        except kmock.KubernetesError as fault:
            body = {"kind": "Status", "status": "Failure", "reason": fault.reason, "message": fault.message}
            return aiohttp.web.json_response({**body, "code": fault.status}, status=fault.status)


@contextmanager
def emulated() -> Iterator[tuple[kmock.KubernetesEmulator, str]]:
    """An API server in memory, on a loop of its own, and its address."""
    kept = _Emulator()
    for plural, kind in (
        *(("v1/secrets", "Secret"), ("v1/configmaps", "ConfigMap"), ("v1/services", "Service"), ("v1/pods", "Pod")),
        *(
            ("apps/v1/deployments", "Deployment"),
            ("autoscaling/v2/horizontalpodautoscalers", "HorizontalPodAutoscaler"),
        ),
    ):
        kept.resources[plural] = kmock.ResourceInfo(kind=kind, namespaced=True)
    loop = asyncio.new_event_loop()
    is_up, ends = threading.Event(), asyncio.Event()
    address: list[str] = []

    async def serve() -> None:
        async with kmock.Server(kept, "127.0.0.1", None) as server:
            address.append(str(server.url))
            is_up.set()
            await ends.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert is_up.wait(60)
    try:
        yield kept, address[0]
    finally:
        loop.call_soon_threadsafe(ends.set)
        thread.join()
        loop.close()
