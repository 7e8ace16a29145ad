"""Make sure that the server has a workspace: `workspace.py SERVER NAME`."""

import sys

from trackside_mlflow import Workspace

Workspace.create(sys.argv[2], url=sys.argv[1], exist_ok=True)
