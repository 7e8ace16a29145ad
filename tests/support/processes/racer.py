"""A client of its own process.  For each line of JSON on stdin, a list of [method, path, body], it says `ready`, waits for
an empty line, makes the calls, and prints what they were answered: a list of [status, JSON]."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from support.client import Api, Socket


def main(port: int) -> None:
    api = Api(Socket(port))
    for line in sys.stdin:
        calls = json.loads(line)
        _say("ready")
        sys.stdin.readline()
        replies = []
        for method, path, body in calls:
            arguments = body if method == "GET" else None
            reply = api.ask(method, path, None if method == "GET" else body, arguments=arguments)
            replies.append([reply.status, reply.json])
        _say(json.dumps(replies))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
