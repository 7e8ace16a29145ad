"""Compare FastTrackML and Trackside on the same PostgreSQL, by the benchmark in another folder.

    python bench/postgres/beside.py BENCH [arguments of bench.py, such as --quick --only W2,W8]

The benchmark creates an empty database for each system before its start is timed, and includes PostgreSQL's processes, CPU time
and disk in the figures of both.  TRACKSIDE: the command; WORKERS: the number of its server processes.
"""

import os
import sys
from importlib import import_module


def main() -> None:
    folder = sys.argv.pop(1)
    sys.path.insert(0, folder)
    bench = import_module("bench")
    command = f"{os.environ.get('TRACKSIDE', 'trackside')} server --host 127.0.0.1 --port {{port}} --data {{dir}}/data"
    workers = os.environ.get("WORKERS")
    bench.SYSTEMS["ours"].update(
        cmd=f"{command} --store postgresql://{{pg}}/{{db}}" + (f" --workers {workers}" if workers else ""), pg=True
    )
    if not any(argument.startswith("--systems") for argument in sys.argv):
        sys.argv += ["--systems", "fml-pg,ours"]
    bench.main()


if __name__ == "__main__":
    main()
