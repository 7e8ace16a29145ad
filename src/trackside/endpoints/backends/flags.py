"""The flags of `trackside.scorer` for a deployment's spec, the same for all backends."""

from typing import Any

from trackside.endpoints.model import Deployment

GRACE_S = 30.0


def scorer_flags(deployment: Deployment) -> list[str]:
    """Return the flags, except those for the model and for the address."""
    spec = deployment.spec
    flags: dict[str, Any] = {
        "--name": deployment.endpoint,
        "--batching": spec.batching,
        "--threads": spec.threads,
        "--max-rows": spec.max_rows,
        "--max-queue": spec.max_queue,
        "--timeout-s": spec.request_timeout_s,
        "--max-body-mb": spec.max_body_mb,
        "--memory-mb": spec.memory_mb,
        "--grace-s": GRACE_S,
    }
    return [str(word) for pair in flags.items() for word in pair]
