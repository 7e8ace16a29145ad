"""Whether a run is to be seen at a tracking URI: `where.py TRACKING_URI RUN_ID` prints found or not found."""

import sys

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

try:
    MlflowClient(sys.argv[1]).get_run(sys.argv[2])
except MlflowException as error:
    if error.error_code != "RESOURCE_DOES_NOT_EXIST":
        raise
    print("not found")
else:
    print("found")
