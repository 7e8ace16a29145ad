"""Errors between a client and a server."""

from __future__ import annotations


class TracksideError(Exception):
    """Every error of this package."""


class ConfigError(TracksideError):
    """An argument, a variable or a config file is missing or cannot be used."""


class ServerUnreachable(TracksideError):
    """No server answers at the address, or it is not a Trackside server."""


class WorkspaceNotFound(TracksideError):
    """The server has no such workspace, or has it under another subscription or resource group."""


class WorkspaceExists(TracksideError):
    """A workspace of this name already exists."""


class JobFailed(TracksideError):
    """A job failed or was cancelled while the caller waited for it."""


class Refused(TracksideError):
    """The server rejected the request.  `status` is the HTTP status, `error_code` a code such as INVALID_PARAMETER_VALUE."""

    def __init__(self, message: str, status: int, error_code: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code


class WebserviceException(TracksideError):
    """A web service or a model does not exist, or cannot be deployed or called.  azureml-core has this name."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
