"""`trackside azure-env`: the environment variables by which Azure ML's own client uses a server."""

import os
import shlex
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from trackside.azure.arm import CLOUD
from trackside.cli import remote
from trackside.cli.output import OK, Stop, say
from trackside.core import settings
from trackside.identity import keys

_NONE = "none"  # instead of a token, if the server has no users


def run(server: str | None, token: str | None, authority: str | None, form: str) -> int:
    url = remote.server_of(server)
    if urlsplit(url).scheme != "https":
        raise Stop(f"{url} is not HTTPS, which Azure ML's client requires; start the server with --tls self-signed")
    shown = token or settings.server_token() or _kept(url)
    if shown and not keys.is_token(shown):
        raise Stop("--token is not a token of Trackside; create one by `trackside token create NAME`")
    if authority is not None and form == "shell":
        if not Path(authority).is_file():
            raise Stop(f"--ca is {authority!r}, which does not exist")
        authority = str(Path(authority).absolute())  # clients may run in another folder
    for line in _lines(variables(url, shown, authority), form):
        say(line)
    return OK


def variables(url: str, token: str, authority: str | None) -> dict[str, str]:
    """Return the variables in the order of the output."""
    trust = {}
    if authority is not None:
        trust = {"REQUESTS_CA_BUNDLE": os.fspath(authority), "SSL_CERT_FILE": os.fspath(authority)}
    parts = urlsplit(url)
    # azureml-core sends no secret to this endpoint except the user info of the URL, as Basic.
    signed_in = urlunsplit(parts._replace(netloc=f"trackside:{quote(token, safe='')}@{parts.netloc}")) if token else url
    return {
        **trust,
        "ARM_CLOUD_METADATA_URL": f"{url}/metadata/endpoints",
        "AZUREML_CURRENT_CLOUD": CLOUD,
        "MSI_ENDPOINT": f"{signed_in}/msi/token",
        "IDENTITY_ENDPOINT": f"{url}/msi/token",
        "IDENTITY_HEADER": token or _NONE,
    }


def _kept(url: str) -> str:
    """Return the token that `trackside login` stored, or that of MLflow's variable."""
    kind, _, secret = (remote.credentials(url) or "").partition(" ")
    return secret if kind == "Bearer" else ""


def _lines(found: dict[str, str], form: str) -> list[str]:
    match form:
        case "notebook":
            body = "\n".join(f"    {name!r}: {value!r}," for name, value in found.items())
            return [f"import os\n\nos.environ.update({{\n{body}\n}})"]
        case "databricks":
            lines = [f"{name}={shlex.quote(value)}" for name, value in found.items()]
            return ["#!/bin/bash", "cat >> /etc/environment <<'EOF'", *lines, "EOF"]
    return [f"export {name}={shlex.quote(value)}" for name, value in found.items()]
