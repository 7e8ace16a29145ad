"""The model in a folder on Ray Serve, plain and with batches: `ray_app.py MODEL PORT`.  Runs until it is stopped.

Ray listens on every interface: run it in a separate network namespace.
"""

import signal
import sys
from typing import Any

import mlflow.pyfunc
import pandas as pd
import ray
from ray import serve
from starlette.requests import Request


@serve.deployment(max_ongoing_requests=256)
class Scorer:
    def __init__(self, folder: str) -> None:
        self.model = mlflow.pyfunc.load_model(folder)

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.002)
    async def batched(self, frames: list[pd.DataFrame]) -> list[Any]:
        found = self.model.predict(pd.concat(frames, ignore_index=True)).tolist()
        parts, start = [], 0
        for frame in frames:
            parts.append({"predictions": found[start : start + len(frame)]})
            start += len(frame)
        return parts

    async def __call__(self, request: Request) -> Any:
        split = (await request.json())["dataframe_split"]
        frame = pd.DataFrame(split["data"], columns=split["columns"])
        if request.url.path.endswith("/batched"):
            return await self.batched(frame)
        return {"predictions": self.model.predict(frame).tolist()}


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=100_000_000, _node_ip_address="127.0.0.1")
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[2])})
    serve.run(Scorer.bind(sys.argv[1]))  # type: ignore[attr-defined]  # what the decorator makes of the class
    signal.pause()
