"""The model in the folder MODEL as a service of BentoML, with adaptive batching: `bentoml serve bento_app:Scorer`."""

import os

import bentoml
import mlflow.pyfunc
import numpy as np
import pandas as pd


@bentoml.service(workers=1, traffic={"timeout": 60})
class Scorer:
    def __init__(self) -> None:
        self.model = mlflow.pyfunc.load_model(os.environ["MODEL"])
        self.columns = pd.Index(self.model.metadata.get_input_schema().input_names())

    @bentoml.api
    def plain(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.predict(pd.DataFrame(rows, columns=self.columns)))

    @bentoml.api(batchable=True, max_batch_size=1024, max_latency_ms=10_000)
    def batched(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.predict(pd.DataFrame(rows, columns=self.columns)))
