#!/usr/bin/env bash
# The server of a benchmark on the benchmark's PostgreSQL: bench/postgres/server.sh PORT DIR, as `make bench-postgres` runs it.
# Each DIR has a database of its own, made at the first start and found again at later ones: the benchmark restarts its servers.
# TRACKSIDE: the command; BENCH_PGPORT: the port of PostgreSQL; WORKERS: the number of server processes.
set -euo pipefail
port=$1 dir=$2 pg=${BENCH_PGPORT:-55432}
name=ours_$(printf %s "$dir" | cksum | cut -d ' ' -f 1)
ask() { psql -h 127.0.0.1 -p "$pg" -U postgres -qtAc "$1"; }
[ -n "$(ask "SELECT 1 FROM pg_database WHERE datname = '$name'")" ] || ask "CREATE DATABASE $name"
exec "${TRACKSIDE:-trackside}" server --host 127.0.0.1 --port "$port" --data "$dir" \
	--store "postgresql://postgres@127.0.0.1:$pg/$name" ${WORKERS:+--workers "$WORKERS"}
