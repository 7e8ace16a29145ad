"""Runs the process of a job on a machine of a Ray cluster: `python entry.py`, started by Ray in a copy of the job's folder.

It imports only the standard library.  It ends the job's process when the server reports that the attempt is over, or refuses the
token.  So the process ends even if the server's machine failed before it could stop the job.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

MARK = "\x1etrackside "
SECRET = "order.json"  # noqa: S105  # the name of a file
ASK_EVERY_S = 15.0
GRACE_S = 3.0
CANNOT_START = 127
OVER = (401, 403, 404)


def main() -> int:
    here = Path(__file__).resolve().parent
    file = here / SECRET
    order = json.loads(file.read_text("utf-8"))
    file.unlink()
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if order["python"] and order["python"] != version:
        error = f"The project needs Python {order['python']}, and the Ray cluster has {version}"
        print(MARK + json.dumps({"error": error + "."}), flush=True)  # noqa: T201  # for the server
        return 1
    signal.signal(signal.SIGTERM, lambda *_: None)  # the signal reaches the whole group: wait for the end of the child
    try:
        child = subprocess.Popen(  # noqa: S603  # the user's command
            order["argv"], cwd=here.parent, env={**os.environ, **order["environment"]}, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        print(f"{order['argv'][0]} cannot be started: {error.strerror}", file=sys.stderr)  # noqa: T201
        return CANNOT_START
    threading.Thread(target=end_when_over, args=(order,), daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def end_when_over(order: dict) -> None:  # type: ignore[type-arg]  # of JSON
    while not is_over(order):
        time.sleep(ASK_EVERY_S)
    print("The attempt of the job is over: its process is ended.", flush=True)  # noqa: T201
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(0, signal.SIGKILL)


def is_over(order: dict) -> bool:  # type: ignore[type-arg]
    """Return whether the server reports that the attempt is over.  Without an answer the process continues, since the server may
    recover."""
    headers = {"Authorization": f"Bearer {order['token']}"} if order["token"] else {}
    try:
        with urlopen(Request(order["job_url"], headers=headers), timeout=60) as answer:  # noqa: S310  # of the server
            job = json.load(answer)["job"]
    except HTTPError as error:
        return error.code in OVER
    except (URLError, OSError, ValueError, KeyError):
        return False
    return bool(job.get("state") != "running" or job.get("attempt") != order["attempt"])


if __name__ == "__main__":
    sys.exit(main())
