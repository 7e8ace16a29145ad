"""Options of jobs, of model environments, and of the engines that run them."""

from trackside.core import setting_values as values
from trackside.core.options.model import Option

WORK: dict[str, Option] = {
    "model_python": Option(
        flags=("--model-python",),
        default="",
        read=str,
        metavar="PROGRAM",
        help="Python interpreter with mlflow, httptools and the models' packages, for deployments with env "
        "local; by default none",
    ),
    "job_slots": Option(
        flags=("--job-slots",),
        default="4",
        read=values.number(0, 1000),
        metavar="N",
        help="number of jobs that the server runs at once; 0 leaves all jobs to other servers of the store",
    ),
    "workspace_jobs": Option(
        flags=("--workspace-jobs",),
        default="2",
        read=values.number(1, 1000),
        metavar="N",
        help="number of jobs that a workspace without its own limit runs at once, over all servers",
    ),
    "job_folders": Option(
        flags=("--job-folders",),
        default="",
        read=values.folders,
        metavar="FOLDERS",
        help="comma-separated folders of the server's machine whose tables jobs may read and write; by default none",
    ),
    "job_buckets": Option(
        flags=("--job-buckets",),
        default="",
        read=values.buckets,
        metavar="PLACES",
        help="comma-separated buckets or folders in them, such as s3://BUCKET/FOLDER, whose tables scoring jobs "
        "may read and write with the server's credentials; by default none",
    ),
    "spark_masters": Option(
        flags=("--spark-masters",),
        default="local",
        read=values.spark_masters,
        metavar="MASTERS",
        help="comma-separated Spark masters for scoring jobs: local, spark://HOST:PORT of a cluster, or "
        "sc://HOST:PORT of a Spark Connect server; models of jobs on a master other than local have network "
        "access",
    ),
    "project_sources": Option(
        flags=("--project-sources",),
        default="",
        read=values.project_sources,
        metavar="URLS",
        help="comma-separated URL prefixes of git repositories, such as https://github.com/acme, from which jobs "
        "may fetch and run projects; by default none, and clients send the code",
    ),
    "job_days": Option(
        flags=("--job-days",),
        default="30",
        read=values.number(0, 36500),
        metavar="DAYS",
        help="retention of ended jobs and their logs; 0 keeps them without a limit",
    ),
    "kubernetes_namespace": Option(
        flags=("--kubernetes-namespace",),
        default="",
        read=str,
        metavar="NAME",
        help="Kubernetes namespace for deployments with backend kubernetes; by default none",
    ),
    "kubernetes_config": Option(
        flags=("--kubernetes-config",),
        default="",
        read=str,
        metavar="FILE",
        help="kubeconfig file; by default the service account of the server's pod",
    ),
    "kubernetes_context": Option(
        flags=("--kubernetes-context",),
        default="",
        read=str,
        metavar="NAME",
        help="context in the kubeconfig file; by default its current context",
    ),
    "kubernetes_image": Option(
        flags=("--kubernetes-image",),
        default="python:3.11-slim",
        read=str,
        metavar="IMAGE",
        help="container image of pods: it needs Python and pip, or with env local mlflow and the models' packages",
    ),
    "kubernetes_server_url": Option(
        flags=("--kubernetes-server-url",),
        default="",
        read=str,
        metavar="URL",
        help="URL from which pods download models from this server; needed with --kubernetes-namespace",
    ),
    "ray_address": Option(
        flags=("--ray-address",),
        default="",
        read=str,
        metavar="ADDRESS",
        help="Ray cluster for projects and for deployments with backend ray: HOST:PORT or ray://HOST:PORT; by "
        "default none",
    ),
    "ray_python": Option(
        flags=("--ray-python",),
        default="",
        read=str,
        metavar="PROGRAM",
        help="Python interpreter with the cluster's versions of Python and Ray; by default the server's own",
    ),
    "ray_server_url": Option(
        flags=("--ray-server-url",),
        default="",
        read=str,
        metavar="URL",
        help="URL by which machines of the Ray cluster call this server, for projects; by default its address on "
        "this machine",
    ),
}
