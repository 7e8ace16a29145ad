"""Send traces by MLflow's own client: `client_program.py URL TRACES SPANS BYTES` prints traces per second, including the flush.

Runs in an environment with mlflow 3 and imports nothing else.
"""

import sys
import time

import mlflow


def main(url: str, traces: int, spans: int, size: int) -> None:
    mlflow.set_tracking_uri(url)
    mlflow.set_experiment("client")
    text = ("lorem ipsum dolor sit amet " * (size // 27 + 1))[:size]

    @mlflow.trace
    def step(number: int, question: str) -> str:
        return f"{number} {question}"

    @mlflow.trace
    def answer(question: str) -> str:
        for number in range(spans - 1):
            step(number, question)
        return question

    answer(text)
    mlflow.flush_trace_async_logging()
    begun = time.perf_counter()
    for number in range(traces):
        answer(f"{number} {text}")
    mlflow.flush_trace_async_logging()
    print(traces / (time.perf_counter() - begun))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
