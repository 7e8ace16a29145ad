"""`AciWebservice.deploy_configuration(...)` and `AksWebservice.deploy_configuration(...)` with azureml-core's arguments.

Arguments that Trackside supports become fields of the endpoint or of its deployment. Arguments that apply only to Azure
(networks, certificates, monitoring, container size) cause a warning.
"""

from __future__ import annotations

import warnings
from typing import Any, Mapping

COMPUTE_TYPE = "azureml.computeType"
ACI, AKS = "ACI", "AKS"
MILLISECONDS = 1000

_AZURE_ONLY = frozenset(
    {
        *("cpu_cores", "memory_gb", "location", "ssl_enabled", "enable_app_insights", "ssl_cert_pem_file"),
        *(
            "ssl_key_pem_file",
            "ssl_cname",
            "dns_name_label",
            "cmk_vault_base_url",
            "cmk_key_name",
        ),
        *("cmk_key_version", "vnet_name", "subnet_name"),
    }
)
_AKS_ONLY = frozenset(
    {
        *("autoscale_refresh_seconds", "max_request_wait_time", "gpu_cores", "period_seconds", "initial_delay_seconds"),
        *("timeout_seconds", "success_threshold", "failure_threshold", "namespace", "token_auth_enabled"),
        *("compute_target_name", "cpu_cores_limit", "memory_gb_limit", "blobfuse_enabled"),
    }
)


class AciServiceDeploymentConfiguration:
    """The configuration of a deployment like one container instance: a fixed number of replicas.

    `tags`, `properties`, `description`, `auth_enabled` (default True), `primary_key` and `secondary_key` are as in Azure;
    `collect_model_data` switches the endpoint's request log on or off.  Further keywords are fields of a deployment's spec, such
    as `env="local"` or `replicas=2`; the server checks them."""

    compute_type = ACI
    azure_only = _AZURE_ONLY

    def __init__(
        self,
        *,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        auth_enabled: bool | None = None,
        primary_key: str | None = None,
        secondary_key: str | None = None,
        collect_model_data: bool | None = None,
        **more: Any,
    ) -> None:
        self.tags = dict(tags or {})
        self.properties = dict(properties or {})
        self.description = description
        self.auth_enabled = auth_enabled is not False
        self.collect_model_data = collect_model_data
        self.keys = {which: key for which, key in (("primary", primary_key), ("secondary", secondary_key)) if key}
        ignored = sorted(key for key in more if key in self.azure_only and more[key] is not None)
        if ignored:
            warnings.warn(f"these arguments apply only to Azure and are ignored: {', '.join(ignored)}", stacklevel=3)
        self.spec = self._spec(
            {key: value for key, value in more.items() if key not in self.azure_only and value is not None}
        )

    def fields(self) -> dict[str, Any]:
        """Return the fields of the call that creates the endpoint."""
        found: dict[str, Any] = {
            "auth_mode": "key" if self.auth_enabled else "none",
            "tags": self.tags,
            "properties": {**self.properties, COMPUTE_TYPE: self.compute_type},
            "spec": self.spec,
        }
        if self.description:
            found["description"] = self.description
        return found

    def _spec(self, given: dict[str, Any]) -> dict[str, Any]:
        return given


class AksServiceDeploymentConfiguration(AciServiceDeploymentConfiguration):
    """The configuration of a deployment like Azure's on Kubernetes: replicas scaled by load.

    Besides the keywords of `AciServiceDeploymentConfiguration`: `autoscale_enabled` (default True, unless `num_replicas` is
    given), `autoscale_min_replicas` (1), `autoscale_max_replicas` (10), `autoscale_target_utilization` (70 percent),
    `num_replicas`, `scoring_timeout_ms` (60000) and `replica_max_concurrent_requests` (1)."""

    compute_type = AKS
    azure_only = _AZURE_ONLY | _AKS_ONLY

    def _spec(self, given: dict[str, Any]) -> dict[str, Any]:
        spec = dict(given)
        scales = spec.pop("autoscale_enabled", "num_replicas" not in spec)
        least, most = spec.pop("autoscale_min_replicas", 1), spec.pop("autoscale_max_replicas", 10)
        target, fixed = spec.pop("autoscale_target_utilization", None), spec.pop("num_replicas", 1)
        if scales:
            spec.setdefault("replicas", least)
            spec.setdefault("max_replicas", most)
            if target is not None:
                spec.setdefault("target_utilization", target)
        else:
            spec.setdefault("replicas", fixed)
        timeout_ms = spec.pop("scoring_timeout_ms", None)
        if timeout_ms is not None:
            spec.setdefault("request_timeout_s", timeout_ms / MILLISECONDS)
        threads = spec.pop("replica_max_concurrent_requests", None)
        if threads is not None:
            spec.setdefault("threads", threads)
        return spec
