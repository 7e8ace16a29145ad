"""`run_local`: one model on this machine, in the foreground."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from trackside_mlflow.errors import ConfigError, TracksideError
from trackside_mlflow.serving import configs

PORT = 5001
HOST = "127.0.0.1"


def serve(name: str, model_uri: str, config: dict[str, Any]) -> None:
    """Serve until Ctrl-C.  Raise TracksideError if the process exits."""
    port = configs.typed(config.pop("port", PORT))
    if type(port) is not int or not 0 < port < 65536:
        raise ConfigError(f"port is {port!r}; it must be a number from 1 to 65535")
    if config:
        raise ConfigError(f"run_local has no option {min(config)!r}; it has: port")
    with tempfile.TemporaryDirectory(prefix="trackside-local-") as folder:
        model = _download(model_uri, folder)
        command = _command(name, model, port)
        sys.stdout.write(f"Serving {model_uri} at http://{HOST}:{port}/invocations until Ctrl-C.\n")
        sys.stdout.flush()
        process = subprocess.Popen(command)  # noqa: S603 - the words are this module's
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            return
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if code:
            raise TracksideError(f"the process that served {model_uri} ended with exit code {code}")


def _download(model_uri: str, folder: str) -> str:
    from mlflow.tracking.artifact_utils import _download_artifact_from_uri

    return str(_download_artifact_from_uri(model_uri, output_path=folder))


def _command(name: str, model: str, port: int) -> list[str]:
    """Return the command of Trackside's scorer; if it is not installed, of MLflow's scoring server."""
    scorer = _scorer()
    if scorer is not None:
        return [sys.executable, str(scorer), "--model", model, "--name", name, "--port", str(port)]
    import mlflow

    manager = ["--no-conda"] if mlflow.__version__.startswith("1.") else ["--env-manager", "local"]
    return [sys.executable, "-m", "mlflow", "models", "serve", "-m", model, "-h", HOST, "-p", str(port), *manager]


def _scorer() -> Path | None:
    """Return the folder of the scorer if the server's package and the scorer's dependencies are installed."""
    package = importlib.util.find_spec("trackside")
    if package is None or not package.submodule_search_locations or importlib.util.find_spec("httptools") is None:
        return None
    folder = Path(next(iter(package.submodule_search_locations))) / "scorer"
    return folder if (folder / "__main__.py").exists() else None
