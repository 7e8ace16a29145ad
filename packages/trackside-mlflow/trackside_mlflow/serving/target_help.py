"""The text of `mlflow deployments help -t trackside`."""

HELP = """\
Deploys models as web services of a Trackside server.

Target URI
    trackside://HOST:PORT/WORKSPACE   a workspace of a server; trackside+https:// for TLS
    trackside                         the workspace of the tracking URI; else that of TRACKSIDE_URL and TRACKSIDE_WORKSPACE
TRACKSIDE_TOKEN, or MLFLOW_TRACKING_TOKEN, is sent as bearer token.

Model URI
    models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/latest, models:/m-ID, runs:/RUN/PATH of the workspace.
    A model of another registry or folder that mlflow can read is copied into the workspace and registered there.

Names
    create -m URI --name NAME          creates an endpoint NAME with one deployment NAME, which gets all of its traffic
    create ... --endpoint ENDPOINT     adds a deployment to an existing endpoint; it gets no traffic unless it is the first

Configuration of a deployment (-C key=value)
    env=uv|local                build an environment from the model's requirements, or use the server's --model-python
    replicas, max_replicas      processes; with a larger max_replicas they are scaled by load
    target_utilization          percent at which replicas are added
    threads, batching=auto|on|off, max_rows, max_queue
    request_timeout_s, max_body_mb, memory_mb
        and every other field of a deployment's spec that the server has (docs/guides/endpoints.md)
    async=true                  return before the deployment is healthy
    timeout_s=N                 timeout of that wait; by default there is none
    auth_mode=key|none, description, tags={"a": "b"}    of a new endpoint
    deploy-config-file=PATH     JSON or YAML with these keys, or with those of Azure's deployment files

Configuration of an endpoint (update_endpoint, -C key=value)
    auth_mode=key|none, description, tags, traffic=blue=90,green=10, mirror_traffic=green=20, endpoint-config-file=PATH

run-local
    port=N                      default 5001
"""
