"""Configuration of deployments: MLflow's dictionaries and `-C name=value`, and Azure's files, as fields of Trackside's API.

Pure but for `load`, which reads a file.  The server checks the values of `spec`, and names the fields that it has.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping, NamedTuple

from trackside_mlflow.errors import ConfigError

DEPLOY_FILE = "deploy-config-file"
ENDPOINT_FILE = "endpoint-config-file"
_OF_ENDPOINT = ("auth_mode", "description", "tags", "properties")


class Deploy(NamedTuple):
    """A deployment configuration: `spec` for the deployment, `endpoint` for an endpoint that is created with it."""

    spec: dict[str, Any]
    endpoint: dict[str, Any]
    keys: dict[str, str]  # `primary` and `secondary`, if the caller provides them
    is_async: bool = False
    timeout_s: float | None = None
    request_log: dict[str, Any] | bool | None = None  # the settings, False for off, None if unspecified


def deploy(config: Mapping[str, Any] | None) -> Deploy:
    """Read the configuration of a deployment.  Keys that are not options of the client are fields of `spec`."""
    given = dict(config or {})
    if DEPLOY_FILE in given:
        given = {**load(str(given.pop(DEPLOY_FILE))), **given}
    request_log = _request_log(given.pop("dataCollection", None), given.pop("data_collector", None))
    given = _of_azure(given)
    is_async = _flag("async", given.pop("async", False))
    timeout_s = _seconds("timeout_s", given.pop("timeout_s", None))
    endpoint = _endpoint({key: given.pop(key) for key in _OF_ENDPOINT if key in given})
    keys = _keys(given.pop("keys", None))
    spec = {key: typed(value) for key, value in given.items()}
    return Deploy(spec, endpoint, keys, is_async, timeout_s, request_log)


def _request_log(web_service: Any, online: Any) -> dict[str, Any] | bool | None:
    """Return the data collection settings of Azure's two formats as settings of a request log."""
    if isinstance(web_service, Mapping) and "storageEnabled" in web_service:
        return {} if _flag("dataCollection.storageEnabled", web_service["storageEnabled"]) else False
    if not isinstance(online, Mapping):
        return None
    found = online.get("collections") or {}
    collections = found.values() if isinstance(found, Mapping) else ()
    is_on = any(_flag("enabled", each.get("enabled", True)) for each in collections if isinstance(each, Mapping))
    rate = typed(online.get("sampling_rate"))
    return ({} if rate is None else {"sampling": rate}) if is_on else False


def endpoint(config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Read the configuration of an endpoint: auth_mode, description, tags, properties, traffic, mirror_traffic."""
    given = dict(config or {})
    if ENDPOINT_FILE in given:
        given = {**load(str(given.pop(ENDPOINT_FILE))), **given}
    for azures in ("identity", "location", "name"):  # an endpoint has none, or it is an argument of the call
        given.pop(azures, None)
    shares: dict[str, Any] = {
        key: _shares(key, given.pop(key)) for key in ("traffic", "mirror_traffic") if key in given
    }
    unknown = sorted(set(given) - set(_OF_ENDPOINT))
    if unknown:
        known = ", ".join([*_OF_ENDPOINT, "traffic", "mirror_traffic", ENDPOINT_FILE])
        raise ConfigError(f"the configuration of an endpoint has the unknown key {unknown[0]!r}; it may have: {known}")
    found = _endpoint(given)
    found.update(shares)
    return found


def load(path: str) -> dict[str, Any]:
    """Read a JSON or YAML file.  YAML needs PyYAML, which comes with mlflow."""
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(f"the configuration file {path!r} cannot be read: {fault}") from None
    try:
        found = json.loads(text)
    except ValueError:
        found = _yaml(path, text)
    if not isinstance(found, dict):
        raise ConfigError(f"the configuration file {path!r} must contain an object with keys and values")
    return found


def typed(value: Any) -> Any:
    """Return the number or boolean in a text of the command line; other text unchanged."""
    if not isinstance(value, str):
        return value
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def _yaml(path: str, text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise ConfigError(f"the configuration file {path!r} is not JSON, and YAML needs `pip install pyyaml`") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise ConfigError(f"the configuration file {path!r} is neither JSON nor YAML: {fault}") from None


def _of_azure(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with those of Azure's two formats (web services, and managed online endpoints) translated."""
    found = dict(given)
    for key in _AZURE_ONLY:
        found.pop(key, None)
    scaler = found.pop("autoScaler", None) or {}
    if scaler.get("autoscaleEnabled"):
        _take(
            scaler,
            found,
            {"minReplicas": "replicas", "maxReplicas": "max_replicas", "targetUtilization": "target_utilization"},
        )
    scales = found.pop("scale_settings", None) or {}
    _take(scales, found, {"min_instances": "replicas", "max_instances": "max_replicas"})
    _take(scales, found, {"target_utilization_percentage": "target_utilization"})
    requests = found.pop("request_settings", None) or {}
    _take(requests, found, {"max_concurrent_requests_per_instance": "threads"})
    for milliseconds in (found.pop("scoringTimeoutMs", None), requests.get("request_timeout_ms")):
        if milliseconds:
            found.setdefault("request_timeout_s", float(milliseconds) / 1000)
    _take(found, found, {"numReplicas": "replicas", "instance_count": "replicas"}, moves=True)
    _take(found, found, {"maxConcurrentRequestsPerContainer": "threads"}, moves=True)
    if "authEnabled" in found:
        found.setdefault("auth_mode", "key" if _flag("authEnabled", found.pop("authEnabled")) else "none")
    return found


# Options for Azure's machines, networks and monitoring.
_AZURE_ONLY = (
    *("computeType", "containerResourceRequirements", "sslEnabled", "appInsightsEnabled", "cname", "dnsNameLabel"),
    *("location", "livenessProbeRequirements", "namespace", "tokenAuthEnabled", "computeTargetName", "gpuCores"),
    *("sslCertificate", "sslKey", "livenessProbe"),
    *("maxQueueWaitMs", "instance_type", "app_insights_enabled", "liveness_probe", "readiness_probe", "type", "name"),
)


def _take(source: Mapping[str, Any], target: dict[str, Any], names: Mapping[str, str], *, moves: bool = False) -> None:
    for theirs, ours in names.items():
        value = source.get(theirs)
        if moves:
            target.pop(theirs, None)
        if value is not None:
            target.setdefault(ours, value)


def _keys(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigError("keys must be an object with primaryKey and secondaryKey")
    named = {"primary": given.get("primaryKey"), "secondary": given.get("secondaryKey")}
    return {which: str(value) for which, value in named.items() if value}


def _endpoint(given: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(given)
    for key in ("tags", "properties"):
        if key in found:
            found[key] = _notes(key, found[key])
    return found


def _notes(key: str, value: Any) -> dict[str, str]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, Mapping):
        raise ConfigError(f'{key} must be an object such as {{"team": "a"}}, as JSON on the command line')
    return {str(name): str(text) for name, text in value.items()}


def _shares(key: str, value: Any) -> dict[str, int]:
    """Return the shares in `{"blue": 90}` or `blue=90,green=10`."""
    if isinstance(value, str):
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        value = {name.strip(): percent.strip() for name, _, percent in pairs}
    if not isinstance(value, Mapping):
        raise ConfigError(
            f"{key} is {value!r}; it must be shares such as {{'blue': 90, 'green': 10}} or blue=90,green=10"
        )
    try:
        return {str(name): int(percent) for name, percent in value.items()}
    except (TypeError, ValueError):
        raise ConfigError(f"{key} is {value!r}; each share must be a whole number of percent") from None


def _flag(name: str, value: Any) -> bool:
    found = typed(value)
    if not isinstance(found, bool):
        raise ConfigError(f"{name} is {value!r}; it must be true or false")
    return found


def _seconds(name: str, value: Any) -> float | None:
    found = typed(value)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, (int, float)) or found <= 0:
        raise ConfigError(f"{name} is {value!r}; it must be a number of seconds above 0")
    return float(found)
