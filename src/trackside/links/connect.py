"""From a link to its peer.  Knows the kinds of remotes and their pace; knows no step."""

from trackside.core.errors import Invalid
from trackside.links.ending import Ending
from trackside.links.model import Kind, Options, Secret
from trackside.links.peer import Peer
from trackside.links.peers.databricks import DatabricksPeer, from_profile
from trackside.links.peers.mlflow import MlflowPeer
from trackside.links.peers.trackside import TracksidePeer
from trackside.links.wire import Bucket, Http, Refused

RATES = {Kind.TRACKSIDE: 0.0, Kind.MLFLOW: 0.0, Kind.DATABRICKS: 20.0}  # calls a second; 0: as fast as it answers


def connect(
    kind: Kind, url: str, options: Options, secret: Secret, source: str, ending: Ending, *, user: str = ""
) -> Peer:
    """`source` names our workspace in the tags of copies; no call waits any longer than until `ending` begins.  `user` is who
    writes, for the history of another Trackside's registry."""
    if kind is Kind.DATABRICKS and secret.profile:
        url, token = from_profile(secret.profile)
        secret = Secret(token=token)
    rate = options.rate or RATES[kind]
    headers = {"x-trackside-user": user} if user and kind is Kind.TRACKSIDE else {}
    bucket = Bucket(rate, max(1.0, rate), ending.wait) if rate else None
    http = Http(url, secret, bucket=bucket, ending=ending, headers=headers)
    match kind:
        case Kind.TRACKSIDE:
            return TracksidePeer(http, source, with_registry=options.registry)
        case Kind.DATABRICKS:
            return DatabricksPeer(http, source, options.wants, options.prefix)
        case _:
            return MlflowPeer(http, source, options.wants)


def detect(url: str, secret: Secret, ending: Ending) -> Kind:
    """What answers at an address.  Raises Invalid if it is nothing that a link may lead to, wire.Down if nobody answers."""
    http = Http(url, secret, ending=ending)
    try:
        try:
            answer = http.json("GET", "/api/3.0/mlflow/server-info")
            if isinstance(answer, dict) and answer.get("server") == "trackside":
                return Kind.TRACKSIDE
        except Refused:
            pass
        try:
            http.json("GET", "/api/2.0/mlflow/experiments/get", experiment_id="0")
        except Refused as refused:
            if not refused.code:
                raise Invalid(
                    f"{url} answers, but not as an MLflow server or Trackside does ({refused}). Check the address."
                ) from None
        return Kind.MLFLOW
    finally:
        http.close()
