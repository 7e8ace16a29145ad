"""Calls of features that MLflow's server can disable and this server does not have: MLflow's jobs and the AI gateway.

They are answered as MLflow's server answers while these features are off, so that clients show MLflow's own messages.
"""

from typing import NoReturn

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound, Unsupported
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import LISTED, Route, query

NO_GATEWAY = (
    "The AI Gateway feature is disabled. Set MLFLOW_ENABLE_AI_GATEWAY=true to enable it. (Trackside has no AI gateway. It takes"
    " the traces of other gateways by OTLP.)"
)
NO_JOBS = (
    "Mlflow server job execution feature is not enabled, please set environment variable 'MLFLOW_SERVER_ENABLE_JOB_EXECUTION' to"
    " 'true' to enable it. (Trackside does not run these jobs.)"
)
_GATEWAY = "gateway/{path:path}"
_JOBS = "prompt-optimization/jobs"


class OfGateway(Call, frozen=True, forbid_unknown_fields=False):
    path: str = ""


class NewJob(Call, frozen=True, forbid_unknown_fields=False):
    experiment_id: str | None = None


class SearchJobs(Call, frozen=True):
    experiment_id: str | None = None


class OfJob(Call, frozen=True):
    job_id: str = ""


class Jobs(Answer, frozen=True):
    jobs: list[str] = []


def refuse_gateway(tx: Tx, call: OfGateway) -> NoReturn:
    del tx, call
    raise Unsupported(NO_GATEWAY)


def refuse_job(tx: Tx, call: NewJob) -> NoReturn:
    del tx, call
    raise Unsupported(NO_JOBS)


def find_jobs(tx: Tx, call: SearchJobs) -> Jobs:
    del tx, call
    return Jobs()


def no_job(tx: Tx, call: OfJob) -> NoReturn:
    del tx
    raise NotFound(f"Job with ID {call.job_id[:100]} not found")


def routes() -> list[Route]:
    reads = Action.TRACES_READ
    return [
        *(
            query(f"{method} {_GATEWAY}", OfGateway, refuse_gateway, needs=reads, on=LISTED, version="3.0")
            for method in ("GET", "POST", "PATCH", "DELETE")
        ),
        query(f"POST {_JOBS}", NewJob, refuse_job, needs=reads, on=LISTED, version="3.0"),
        *(
            query(f"{method} {_JOBS}/search", SearchJobs, find_jobs, needs=reads, on=LISTED, version="3.0", answer=Jobs)
            for method in ("GET", "POST")
        ),
        query(f"GET {_JOBS}/{{job_id}}", OfJob, no_job, needs=reads, on=LISTED, version="3.0"),
        query(f"DELETE {_JOBS}/{{job_id}}", OfJob, no_job, needs=reads, on=LISTED, version="3.0"),
        query(f"POST {_JOBS}/{{job_id}}/cancel", OfJob, no_job, needs=reads, on=LISTED, version="3.0"),
        *(
            query(f"POST {path}", NewJob, refuse_job, needs=reads, on=LISTED, version="3.0", ajax_only=True)
            for path in ("issues/invoke", "scorer/invoke", "genai/evaluate/invoke")
        ),
    ]
