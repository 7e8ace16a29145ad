"""The metric families of `GET /metrics`, in one list: the scrape, the alert rules and the dashboard name them from here.  Pure.

Names and units follow Prometheus' naming rules.  Labels are bounded: a route's template, a workspace, a link, an endpoint; never
a run, a user or a path.
"""

from typing import Literal

from msgspec import Struct

PREFIX = "trackside_"
# First parts of the keys of what background work counts; the workspace or endpoint and more labels follow.
POINTS_KEY, JOB_KEY, DELIVERY_KEY, DROPPED_KEY = "points", "job", "delivery", "dropped"
JOB_SCALE = 400  # a job's seconds by the bounds of requests: buckets from 2 s to 4,000 s
Kind = Literal["counter", "gauge", "histogram", "summary"]  # a summary has a sum and a count, and no quantiles


class Family(Struct, frozen=True):
    """`name` has no prefix and, for a counter, no `_total`.  `scale` multiplies the bounds of a histogram's buckets."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    scale: int = 1

    @property
    def full(self) -> str:
        return PREFIX + self.name

    @property
    def series(self) -> str:
        """The name of the series that queries use: the buckets of a histogram, the sum of a summary."""
        return self.full + {"counter": "_total", "gauge": "", "histogram": "_bucket", "summary": "_sum"}[self.kind]


BUILD = Family("build_info", "gauge", "The version of the server; the value is 1.", ("version", "store"))
REQUESTS = Family(
    "http_request_duration_seconds",
    "histogram",
    "Time from a request's head and body to its answer, by route template; without a route, the path is unknown.",
    ("method", "route", "code"),
)
UNDER_WAY = Family(
    "http_requests_in_progress",
    "gauge",
    "Requests that have begun and are not answered yet; without a route: it is not known yet.",
    ("method", "route"),
)
ANSWERED = Family(
    "http_response_size_bytes",
    "summary",
    "Bytes of the bodies of answers, by route template.",
    ("method", "route", "code"),
)
SCORED = Family(
    "endpoint_request_duration_seconds",
    "histogram",
    "Time that a deployment took for a scoring request, the router included.",
    ("workspace", "endpoint", "deployment", "code"),
)
ENDPOINTS = Family("endpoints", "gauge", "Endpoints.", ("workspace",))
DROPPED = Family(
    "request_log_dropped",
    "counter",
    "Requests that are not in the request log of their endpoint: the queue or the disk was full.",
    ("workspace", "endpoint"),
)
POINTS = Family("metric_points_ingested", "counter", "Points of metrics that clients logged.", ("workspace",))
ARTIFACT_BYTES = Family(
    "artifact_bytes",
    "gauge",
    "Bytes of the files of runs and logged models: of workspaces with a quota, and of others by the last storage count.",
    ("workspace",),
)
TRASH_BYTES = Family(
    "trash_bytes",
    "gauge",
    "Bytes of the files of deleted runs and logged models, by the workspace's last storage count.",
    ("workspace",),
)
ORPHAN_BYTES = Family(
    "orphan_bytes", "gauge", "Bytes of files that no row names, by the workspace's last search.", ("workspace",)
)
REPLICAS = Family(
    "endpoint_replicas",
    "gauge",
    "Replicas of a deployment by state.",
    ("workspace", "endpoint", "deployment", "state"),
)
DEPLOYMENTS = Family("deployments", "gauge", "Deployments by state.", ("workspace", "state"))
WORKSPACES = Family("workspaces", "gauge", "Workspaces.")
EXPERIMENTS = Family("experiments", "gauge", "Experiments that are not deleted.", ("workspace",))
RUNS = Family("runs", "gauge", "Runs that are not deleted, by status.", ("workspace", "status"))
DELETED_RUNS = Family("deleted_runs", "gauge", "Runs that are deleted and may be restored.", ("workspace",))
MODELS = Family("registered_models", "gauge", "Registered models.", ("workspace",))
VERSIONS = Family("model_versions", "gauge", "Model versions by stage.", ("workspace", "stage"))
LINKS = Family("links", "gauge", "Links of a workspace.", ("workspace",))
LINK_WAITING = Family("link_waiting_items", "gauge", "Items of a link that wait to be compared.", ("workspace", "link"))
LINK_LAG = Family(
    "link_lag_seconds", "gauge", "Age of the oldest item of a link that waits to be compared.", ("workspace", "link")
)
LINK_FAILED = Family(
    "link_failed_items", "gauge", "Items of a link that failed and will be tried again.", ("workspace", "link")
)
DRIFT_INCIDENTS = Family(
    "drift_open_incidents", "gauge", "Open incidents of a drift monitor.", ("workspace", "monitor")
)
DRIFT_AGE = Family(
    "drift_newest_window_age_seconds",
    "gauge",
    "Time since the end of a drift monitor's newest complete window.",
    ("workspace", "monitor"),
)
DRIFT_SCORE = Family(
    "drift_score",
    "gauge",
    "Value of a check in a monitor's newest complete window; of each monitor the 50 nearest to their threshold or over it.",
    ("workspace", "monitor", "column", "subject"),
)
DRIFT_THRESHOLD = Family(
    "drift_threshold", "gauge", "Threshold of the same check.", ("workspace", "monitor", "column", "subject")
)
DRIFT_END = Family(
    "drift_window_end_timestamp_seconds",
    "gauge",
    "End of a monitor's newest complete window, in seconds since 1970.",
    ("workspace", "monitor"),
)
DRIFT_LENGTH = Family(
    "drift_window_length_seconds", "gauge", "Length of a monitor's longest complete window.", ("workspace", "monitor")
)
DELIVERIES = Family("webhook_deliveries_waiting", "gauge", "Deliveries of webhooks that wait.", ("workspace",))
DELIVERIES_DEAD = Family(
    "webhook_deliveries_dead", "gauge", "Deliveries that were given up and can be replayed.", ("workspace",)
)
DELIVERY_AGE = Family(
    "webhook_oldest_delivery_age_seconds", "gauge", "Age of the oldest delivery that waits.", ("workspace",)
)
ATTEMPTS = Family(
    "webhook_attempts",
    "counter",
    "Attempts to deliver: delivered, failed (tried again later) or dead (given up).",
    ("workspace", "result"),
)
QUOTA_LIMIT = Family("quota_limit", "gauge", "Limits of the quotas of workspaces.", ("workspace", "measure"))
QUOTA_USED = Family(
    "quota_used_ratio",
    "gauge",
    "Used share of the quotas of workspaces; of users and experiments: the fullest one.",
    ("workspace", "scope", "measure"),
)
JOBS = Family("jobs", "gauge", "Jobs that are kept, by kind and state.", ("workspace", "kind", "state"))
JOB_AGE = Family("job_oldest_age_seconds", "gauge", "Age of the oldest job that waits to be started.", ("workspace",))
JOB_SECONDS = Family(
    "job_duration_seconds",
    "histogram",
    "Time that attempts of jobs took, by the state in which they ended.",
    ("workspace", "kind", "state"),
    JOB_SCALE,
)
BACKUP = Family(
    "backup_last_success_timestamp_seconds",
    "gauge",
    "End of the last backup of the store that succeeded, in seconds since 1970; absent before the first one.",
)
COMMITS = Family(
    "store_commit_duration_seconds", "histogram", "Time that the store took for a commit of waiting writes."
)
QUERIES = Family(
    "db_query_duration_seconds",
    "histogram",
    "Time of the store's transactions: a read, or a group of writes with its commit.",
    ("op",),
)
CONNECTIONS = Family("db_pool_connections", "gauge", "Open connections for reads: used or idle.", ("state",))
RETRIES = Family(
    "store_retries", "counter", "Groups of writes that were tried again: the store was locked or unreachable."
)
SCHEMA = Family("schema_version", "gauge", "Number of the newest migration of the store.")
WORKERS = Family("workers", "gauge", "Processes of this server that answer requests.")
CPU = Family(
    "cpu_seconds",
    "counter",
    "Processor time: of the server's worker processes, and of the processes that they started (scorers, jobs).",
    ("part",),
)
MEMORY = Family("resident_memory_bytes", "gauge", "Resident memory of the same processes.", ("part",))
STORE_UP = Family("store_up", "gauge", "1 if the store takes writes, 0 if it does not.")
STORE_BYTES = Family("store_size_bytes", "gauge", "Size of the store: the database with its indexes.")
DISK_FREE = Family("disk_free_bytes", "gauge", "Free bytes of the file system that holds a folder.", ("folder",))
DISK_SIZE = Family("disk_size_bytes", "gauge", "Size of the file system that holds a folder.", ("folder",))
COUNTS_AGE = Family(
    "counts_age_seconds", "gauge", "Age of the counts of rows in this scrape; it grows while the store does not answer."
)

FAMILIES: tuple[Family, ...] = (
    *(BUILD, REQUESTS, UNDER_WAY, ANSWERED),
    *(SCORED, REPLICAS, DEPLOYMENTS, ENDPOINTS, DROPPED),
    *(WORKSPACES, EXPERIMENTS, RUNS, DELETED_RUNS, POINTS, ARTIFACT_BYTES, TRASH_BYTES, ORPHAN_BYTES, MODELS, VERSIONS),
    *(LINKS, LINK_WAITING, LINK_LAG, LINK_FAILED),
    *(DRIFT_INCIDENTS, DRIFT_AGE, DRIFT_END, DRIFT_LENGTH, DRIFT_SCORE, DRIFT_THRESHOLD),
    *(DELIVERIES, DELIVERIES_DEAD, DELIVERY_AGE, ATTEMPTS),
    *(JOBS, JOB_AGE, JOB_SECONDS),
    *(QUOTA_LIMIT, QUOTA_USED),
    *(STORE_UP, STORE_BYTES, COMMITS, QUERIES, CONNECTIONS, RETRIES, SCHEMA, BACKUP, DISK_FREE, DISK_SIZE, COUNTS_AGE),
    *(WORKERS, CPU, MEMORY),
)
