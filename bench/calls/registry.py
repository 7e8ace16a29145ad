"""Measure searches of the model registry, compared with a stock `mlflow server`.

    make bench-registry
    python bench/calls/registry.py [--models 10000] [--versions 5] [--store postgresql://...] [--mlflow .../bin/mlflow]
        [--stock-store postgresql+psycopg://...] [--repeat 20] [--at-least 5] [--data FOLDER]

Both servers get the same models, with the given number of versions, and tags, aliases and runs, written directly into their
stores (SQLite, or an empty PostgreSQL database if one is given).  Then one client calls both in turn over HTTP.  The output has
medians in ms and the ratios.  A search with different answers, or with a ratio below the target, is marked, and the exit code is
then 1.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import psycopg

from trackside import opening
from trackside.core import locations, settings
from trackside.core.filters import trigrams

START = 1_700_000_000_000
MODELS, VERSIONS = "registered-models/search", "model-versions/search"
TEAMS = 10
AT_LEAST = 5.0  # target ratio with 10,000 models; the overhead of a request dominates a search of 1 ms
STAGES = ("None", "None", "Archived", "Staging", "Production")


class Question(NamedTuple):
    """A search to measure.  `page` is the number of the page, from 1."""

    what: str
    path: str
    size: int
    filter: str = ""
    order_by: str = ""
    page: int = 1


class Answer(NamedTuple):
    found: list[tuple[str, str]]  # names, and numbers of versions
    token: str | None


class Model(NamedTuple):
    number: int
    name: str
    at: int  # ms


class Version(NamedTuple):
    model: Model
    number: int
    stage: str
    run_id: str
    source: str
    at: int  # ms


def questions(models: int) -> list[Question]:
    some = f"model-{models // 2:06}"
    run = run_id(models // 2, 3)
    others = ", ".join(f"'{run_id(i, 1)}'" for i in range(0, models, models // 5))
    return [
        Question("models: first 100", MODELS, 100),
        Question("models: first 1,000", MODELS, 1000),
        Question("models: 100 at 5,000", MODELS, 100, page=min(50, models // 200)),
        Question("models: newest first", MODELS, 100, order_by="last_updated_timestamp DESC"),
        Question("models: name =", MODELS, 100, f"name = '{some}'"),
        Question("models: name LIKE, few", MODELS, 100, f"name LIKE '{some[:-1]}%'"),
        Question("models: name ILIKE, many", MODELS, 100, "name ILIKE '%7%'"),
        Question("models: tag =, a tenth", MODELS, 100, "tags.team = 'team-3'"),
        Question("models: tag =, one", MODELS, 100, f"tags.ticket = 'T-{models // 2}'"),
        Question("models: tag =, none", MODELS, 100, "tags.ticket = 'none'"),
        Question(
            "models: two tags and a name",
            MODELS,
            100,
            "tags.team = 'team-3' AND tags.ticket LIKE 'T-4%' AND name LIKE '%3'",
        ),
        Question("versions: first 200", VERSIONS, 200),
        Question("versions: first 10,000", VERSIONS, 10_000),
        Question("versions: 200 at 20,000", VERSIONS, 200, page=min(100, models // 100)),
        Question("versions: newest made first", VERSIONS, 200, order_by="creation_timestamp DESC"),
        Question("versions: by number", VERSIONS, 200, order_by="version_number DESC"),
        Question("versions: of a model", VERSIONS, 200, f"name = '{some}'"),
        Question("versions: of a run", VERSIONS, 200, f"run_id = '{run}'"),
        Question("versions: of runs", VERSIONS, 200, f"run_id IN ({others})"),
        Question("versions: tag =, a tenth", VERSIONS, 200, "tags.team = 'team-3'"),
        Question("versions: tag =, one", VERSIONS, 200, f"tags.build = 'b-{models // 2}-2'"),
        Question("versions: tag LIKE, few", VERSIONS, 200, f"tags.build LIKE 'b-{models // 2}-%'"),
        Question("versions: tag LIKE, in the middle", VERSIONS, 200, f"tags.build LIKE '%-{models // 2}-%'"),
        Question("versions: source LIKE", VERSIONS, 200, f"source_path LIKE '%/{some}/%'"),
        Question("versions: number >", VERSIONS, 200, "version_number > 4"),
        Question("versions: name LIKE and tag", VERSIONS, 200, "name LIKE 'model-00%' AND tags.team = 'team-3'"),
        Question("versions: none", VERSIONS, 200, "tags.team = 'none' AND name LIKE 'x%'"),
    ]


def run_id(model: int, version: int) -> str:
    return f"{model * 100 + version:032x}"


def models_of(count: int) -> Iterator[Model]:
    return (Model(i, f"model-{i:06}", START + i * 7919 % 1_000_003) for i in range(count))


def versions_of(models: Iterable[Model], each: int) -> Iterator[Version]:
    for model in models:
        for number in range(1, each + 1):
            run = run_id(model.number, number)
            source = f"s3://bucket/{model.name}/{run}/model"
            yield Version(model, number, STAGES[number % len(STAGES)], run, source, model.at + number * 1000)


def tags_of_model(model: Model) -> list[tuple[str, str]]:
    return [("team", f"team-{model.number % TEAMS}"), ("ticket", f"T-{model.number}")]


def tags_of_version(version: Version) -> list[tuple[str, str]]:
    return [("team", f"team-{version.model.number % TEAMS}"), ("build", f"b-{version.model.number}-{version.number}")]


def fill_ours(flags: dict[str, str], models: int, each: int) -> None:
    with closing(opening.open_database(settings.load(flags, {}))) as db, db.write(1) as tx:
        made = list(models_of(models))
        registered = list(versions_of(made, each))
        tx.many_in_order(
            """
            INSERT INTO registered_models (workspace_id, model_seq, name, description, is_prompt, last_version,
                creation_time, last_updated_time)
            VALUES (:ws, :seq, :name, '', 0, :last, :at, :updated)
            """,
            [(m.number + 1, m.name, each, m.at, m.at + each * 1000) for m in made],
        )
        tx.many_in_order(
            """
            INSERT INTO registered_model_tags (workspace_id, model_seq, key, value, value_head, value_grams)
            VALUES (:ws, :seq, :key, :value, :head, :trigrams)
            """,
            [
                (m.number + 1, key, value, value, trigrams.of_text(value))
                for m in made
                for key, value in tags_of_model(m)
            ],
        )
        tx.many_in_order(
            """
            INSERT INTO registered_model_aliases (workspace_id, model_seq, alias, version)
            VALUES (:ws, :seq, 'champion', :version)
            """,
            [(m.number + 1, each) for m in made if m.number % 2],
        )
        tx.many_in_order(
            """
            INSERT INTO model_versions (workspace_id, version_seq, model_seq, name, version, description, current_stage,
                source, source_grams, storage_location, files_uri, run_id, run_link, model_id, is_prompt, creation_time,
                last_updated_time)
            VALUES (:ws, :seq, :model, :name, :version, '', :stage, :source, :trigrams, :storage, :files, :run, '', '', 0, :at,
                :updated)
            """,
            [
                (
                    *(seq, v.model.number + 1, v.model.name, v.number, v.stage),
                    *(v.source, trigrams.of_text(v.source), v.source, v.source, v.run_id, v.at, v.at),
                )
                for seq, v in enumerate(registered, 1)
            ],
        )
        tx.many_in_order(
            """
            INSERT INTO model_version_tags (workspace_id, version_seq, key, value, value_head, value_grams)
            VALUES (:ws, :seq, :key, :value, :head, :trigrams)
            """,
            [
                (seq, key, value, value, trigrams.of_text(value))
                for seq, v in enumerate(registered, 1)
                for key, value in tags_of_version(v)
            ],
        )


def vacuum(url: str) -> None:
    """Update the statistics, as autovacuum does after some time."""
    store = locations.store(url) if url else None
    if isinstance(store, locations.PostgresStore):
        with closing(psycopg.connect(url, autocommit=True)) as admin:
            admin.execute("VACUUM ANALYZE")


def fill_stock(store: str, python: Path, models: int, each: int) -> None:
    """Fill the tables that the server has created."""
    made = list(models_of(models))
    registered = list(versions_of(made, each))
    tables: dict[str, list[dict[str, Any]]] = {
        "registered_models": [
            {
                "workspace": "default",
                "name": m.name,
                "creation_time": m.at,
                "last_updated_time": m.at + each * 1000,
                "description": "",
            }
            for m in made
        ],
        "registered_model_tags": [
            {"workspace": "default", "name": m.name, "key": key, "value": value}
            for m in made
            for key, value in tags_of_model(m)
        ],
        "registered_model_aliases": [
            {"workspace": "default", "name": m.name, "alias": "champion", "version": each} for m in made if m.number % 2
        ],
        "model_versions": [
            {
                "workspace": "default",
                "name": v.model.name,
                "version": v.number,
                "creation_time": v.at,
                "last_updated_time": v.at,
                "description": "",
                "current_stage": v.stage,
                "source": v.source,
                "storage_location": v.source,
                "run_id": v.run_id,
                "run_link": "",
                "status": "READY",
            }
            for v in registered
        ],
        "model_version_tags": [
            {"workspace": "default", "name": v.model.name, "version": v.number, "key": key, "value": value}
            for v in registered
            for key, value in tags_of_version(v)
        ],
    }
    if store.startswith("sqlite:///"):
        with closing(sqlite3.connect(store.removeprefix("sqlite:///"))) as connection, connection:
            for table, rows in tables.items():
                names = ", ".join(rows[0])
                marks = ", ".join(f":{name}" for name in rows[0])
                connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        return
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(tables, file)
        file.flush()
        code = (
            "import json, sys, sqlalchemy as sa\n"
            "engine = sa.create_engine(sys.argv[1])\n"
            "meta = sa.MetaData()\n"
            "with engine.begin() as connection:\n"
            "    for name, rows in json.load(open(sys.argv[2])).items():\n"
            "        connection.execute(sa.Table(name, meta, autoload_with=engine).insert(), rows)\n"
        )
        subprocess.run([python, "-c", code, store, file.name], check=True)


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[http.client.HTTPConnection]:
    """Yield a server after its first answer; then end its process group."""
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
    with (folder / f"{port}.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        deadline = time.monotonic() + 180
        while True:
            try:
                connection.request("GET", "/health")
                connection.getresponse().read()
                break
            except OSError:
                connection.close()
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{command[0]} did not start; see {folder}/{port}.log") from None
                time.sleep(0.2)
        yield connection
    finally:
        connection.close()
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def ask(connection: http.client.HTTPConnection, question: Question, token: str | None) -> tuple[float, Answer]:
    """Return the seconds until the last byte, and the results."""
    arguments: dict[str, Any] = {"max_results": question.size}
    if question.filter:
        arguments["filter"] = question.filter
    if question.order_by:
        arguments["order_by"] = question.order_by
    if token:
        arguments["page_token"] = token
    target = f"/api/2.0/mlflow/{question.path}?{urlencode(arguments)}"
    try:
        begin = time.perf_counter()
        connection.request("GET", target)
        reply = connection.getresponse()
    except (http.client.RemoteDisconnected, BrokenPipeError):  # the server closed the idle connection
        connection.close()
        begin = time.perf_counter()
        connection.request("GET", target)
        reply = connection.getresponse()
    body = reply.read()
    took = time.perf_counter() - begin
    if reply.status != 200:
        raise SystemExit(f"{target}: {reply.status} {body[:300]!r}")
    told = json.loads(body)
    rows = told.get("registered_models") or told.get("model_versions") or []
    return took, Answer([(row["name"], row.get("version", "")) for row in rows], told.get("next_page_token"))


def measure(
    connections: list[http.client.HTTPConnection], question: Question, repeat: int
) -> list[tuple[float, Answer]]:
    """Return the median of each server, called in turn."""
    tokens: list[str | None] = [None for _ in connections]
    for _ in range(question.page - 1):
        tokens = [
            ask(connection, question, token)[1].token for connection, token in zip(connections, tokens, strict=True)
        ]
    times: list[list[float]] = [[] for _ in connections]
    answers: list[Answer] = []
    for turn in range(repeat + 1):
        answers = []
        for i, connection in enumerate(connections):
            took, answer = ask(connection, question, tokens[i])
            answers.append(answer)
            if turn:  # the first call warms up
                times[i].append(took)
    return [(statistics.median(each), answer) for each, answer in zip(times, answers, strict=True)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--versions", type=int, default=5, help="of each model")
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--store", default="", help="an empty database for our server")
    parser.add_argument("--at-least", type=float, default=AT_LEAST, help="how many times faster each search must be")
    parser.add_argument("--mlflow", type=Path, default=Path(sys.executable).with_name("mlflow"))
    parser.add_argument("--stock-store", default="", help="an empty database for the stock server")
    parser.add_argument("--data", type=Path, help="a folder for both (default: one that is removed)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.data or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        ours, stock = free_port(), free_port()
        store = given.stock_store or f"sqlite:///{folder}/stock.db"
        flags = {"--data": str(folder / "ours"), **({"--store": given.store} if given.store else {})}
        fill_ours(flags, given.models, given.versions)
        vacuum(given.store)
        options = [text for flag in flags.items() for text in flag]
        trackside = str(Path(sys.executable).with_name("trackside"))
        with (
            running([trackside, "server", "--port", str(ours), *options], ours, folder) as first,
            running(
                [str(given.mlflow), "server", "--port", str(stock), "--workers", "1", "--backend-store-uri", store],
                stock,
                folder,
            ) as second,
        ):
            fill_stock(store, given.mlflow.with_name("python"), given.models, given.versions)
            vacuum(given.stock_store.replace("+psycopg", ""))
            for connection in (first, second):
                connection.close()  # a server may have closed the idle connection; the next request opens it again
            print(f"{given.models} models, {given.models * given.versions} versions; medians of {given.repeat}, in ms")
            print(f"{'':34} {'ours':>9} {'mlflow':>9} {'times faster':>13}")
            ratios = []
            faults = 0
            for question in questions(given.models):
                (mine, found), (theirs, wanted) = measure([first, second], question, given.repeat)
                ratios.append(theirs / mine)
                note = ""
                if found.found != wanted.found:
                    note += "   ANSWERS DIFFER"
                if ratios[-1] < given.at_least:
                    note += f"   LESS THAN {given.at_least:g}"
                faults += bool(note)
                print(
                    f"{question.what:34} {mine * 1000:9.2f} {theirs * 1000:9.2f} {ratios[-1]:13.1f}{note}", flush=True
                )
            print(f"{'least, median':34} {'':9} {'':9} {min(ratios):6.1f}, {statistics.median(ratios):.1f}")
    if faults:
        raise SystemExit(f"{faults} of {len(ratios)} searches are not as they should be; they are marked above")


if __name__ == "__main__":
    main()
