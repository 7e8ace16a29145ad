#!/usr/bin/env bash
# Seconds from start to the first answer of two checkouts, in turns: bench/calls/starts.sh OLD NEW [ROUNDS]
# OLD and NEW are checkouts; the environment of this checkout runs both.
# STORE_ADMIN: the URL of a PostgreSQL database; each start then uses an
# empty database `starts` on the same server.  Without it, each start has a new SQLite store.  The client polls without a pause.
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd) data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
one() {
	local store=() begun pid
	rm -rf "$data/store"
	if [ -n "${STORE_ADMIN:-}" ]; then
		psql "$STORE_ADMIN" -qc 'DROP DATABASE IF EXISTS starts' -c 'CREATE DATABASE starts' 2>/dev/null
		store=(--store "${STORE_ADMIN%/*}/starts")
	fi
	begun=$(date +%s.%N)
	PYTHONPATH="$1/src" "$here/.venv/bin/python" -m trackside.cli.main server --port 7799 --data "$data/store" "${store[@]}" >/dev/null &
	pid=$!
	until curl -sf http://127.0.0.1:7799/health >/dev/null; do :; done
	printf '%s %.3f\n' "$2" "$(echo "$(date +%s.%N) - $begun" | bc)"
	kill "$pid"
	wait "$pid" || true
}
for _ in $(seq "${3:-6}"); do
	one "$1" old
	one "$2" new
done
