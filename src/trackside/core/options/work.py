"""Options of jobs, of model environments, and of the engines that run them."""

from trackside.core import setting_values as values
from trackside.core.options.model import Option

WORK: dict[str, Option] = {
    "model_python": Option(
        flags=("--model-python",),
        default="",
        read=str,
        metavar="PROGRAM",
        help="a Python with mlflow, httptools and what models need, for deployments with env local (default: none)",
    ),
    "job_slots": Option(
        flags=("--job-slots",),
        default="4",
        read=values.number(0, 1000),
        metavar="N",
        help="how many jobs the server runs at once; 0 leaves all of them to other servers of the store",
    ),
    "workspace_jobs": Option(
        flags=("--workspace-jobs",),
        default="2",
        read=values.number(1, 1000),
        metavar="N",
        help="how many jobs a workspace runs at once, on all servers together, unless it has a limit of its own",
    ),
    "job_folders": Option(
        flags=("--job-folders",),
        default="",
        read=values.folders,
        metavar="FOLDERS",
        help="comma-separated folders of the server's machine whose tables jobs may read and write (default: none)",
    ),
    "job_buckets": Option(
        flags=("--job-buckets",),
        default="",
        read=values.buckets,
        metavar="PLACES",
        help="comma-separated buckets or folders in them, such as s3://BUCKET/FOLDER, whose tables scoring jobs may read"
        " and write with the server's credentials (default: none)",
    ),
    "spark_masters": Option(
        flags=("--spark-masters",),
        default="local",
        read=values.spark_masters,
        metavar="MASTERS",
        help="comma-separated Spark masters that scoring jobs may use: local, spark://HOST:PORT of a cluster, sc://HOST:PORT of a"
        " Spark Connect server; the model of a job on another one than local has the network (default: local)",
    ),
    "project_sources": Option(
        flags=("--project-sources",),
        default="",
        read=values.project_sources,
        metavar="URLS",
        help="comma-separated URL prefixes of git repositories, such as https://github.com/acme, whose projects jobs may fetch"
        " and run (default: none; clients send the code)",
    ),
    "job_days": Option(
        flags=("--job-days",),
        default="30",
        read=values.number(0, 36500),
        metavar="DAYS",
        help="how long jobs that ended are kept, with their logs; 0 keeps them without a limit",
    ),
    "kubernetes_namespace": Option(
        flags=("--kubernetes-namespace",),
        default="",
        read=str,
        metavar="NAME",
        help="a namespace of a Kubernetes cluster for deployments with backend kubernetes (default: none)",
    ),
    "kubernetes_config": Option(
        flags=("--kubernetes-config",),
        default="",
        read=str,
        metavar="FILE",
        help="a kubeconfig file (default: the service account of the pod that the server runs in)",
    ),
    "kubernetes_context": Option(
        flags=("--kubernetes-context",),
        default="",
        read=str,
        metavar="NAME",
        help="the context in the kubeconfig file (default: its current one)",
    ),
    "kubernetes_image": Option(
        flags=("--kubernetes-image",),
        default="python:3.11-slim",
        read=str,
        metavar="IMAGE",
        help="the image of pods: one with Python and pip, or with env local one that has mlflow and what models need",
    ),
    "kubernetes_server_url": Option(
        flags=("--kubernetes-server-url",),
        default="",
        read=str,
        metavar="URL",
        help="where pods reach this server, to fetch models; needed with --kubernetes-namespace",
    ),
    "ray_address": Option(
        flags=("--ray-address",),
        default="",
        read=str,
        metavar="ADDRESS",
        help="a Ray cluster for deployments with backend ray and for projects: HOST:PORT, or ray://HOST:PORT (default: none)",
    ),
    "ray_python": Option(
        flags=("--ray-python",),
        default="",
        read=str,
        metavar="PROGRAM",
        help="a Python with the cluster's versions of Python and Ray (default: the server's own)",
    ),
    "ray_server_url": Option(
        flags=("--ray-server-url",),
        default="",
        read=str,
        metavar="URL",
        help="where machines of the Ray cluster reach this server, for projects (default: its address on this machine)",
    ),
}
