"""Connects to Spark, and sends the scorer and the model to the machines of the tasks."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

from trackside.scorer.batch.order import Order, OrderError

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
SCORER = Path(__file__).resolve().parents[2]
ARCHIVE = "trackside-scorer-{job}.zip"


def begin(order: Order) -> Any:
    """Return a session of the order's master.  Raise Wrong where there is no Spark, or it does not answer."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise OrderError(
            "the engine is spark, and the Python that scores has no pyspark: install 'pyspark[connect]' beside mlflow"
        ) from None
    settings = _settings(order)
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    builder = SparkSession.builder.appName(f"trackside {order.job_id}")
    for name, value in {**_conf(order), **order.conf}.items():
        builder = builder.config(name, value)
    try:
        if is_connect(order):
            session = builder.remote(order.address).getOrCreate()
            session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(order.batch_rows))
            return session
        return builder.master(_master(order)).getOrCreate()
    except Exception as fault:  # noqa: BLE001  # of py4j, gRPC or Java
        raise OrderError(f"Spark at {order.address or 'local'} does not start: {first_line(fault)}") from None


def is_connect(order: Order) -> bool:
    return order.address.startswith("sc://")


def is_of_this_machine(order: Order) -> bool:
    """Return whether the tasks run on this machine."""
    place = order.address.partition("://")[2]
    return order.address.startswith("local") or not order.address or place.startswith(LOOPBACK)


def send_model(session: Any, order: Order) -> str:
    """Give scorer and model to the tasks, in one archive.  Return its name."""
    name = ARCHIVE.format(job=order.job_id)
    path = Path(order.parts) / name
    draft = path.with_name(name + ".new")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for source in sorted(SCORER.rglob("*.py")):
            archive.write(source, f"trackside/scorer/{source.relative_to(SCORER).as_posix()}")
        archive.writestr("trackside/__init__.py", "")
        for source in sorted(Path(order.model).rglob("*")):
            if source.is_file():
                archive.write(source, f"model/{source.relative_to(order.model).as_posix()}")
    draft.replace(path)
    if is_connect(order):
        session.addArtifacts(str(path), file=True)
    else:
        session.sparkContext.addFile(str(path))
    return name


def first_line(fault: BaseException) -> str:
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    return lines[0][:500] if lines else type(fault).__name__


def _master(order: Order) -> str:
    return order.address if order.address not in ("", "local") else f"local[{order.processes}]"


def _settings(order: Order) -> dict[str, str]:
    """Return environment variables.  On other machines the cluster's own Python runs the tasks."""
    found = {"SPARK_LOCAL_DIRS": str(Path(order.parts).parent / "spark"), "PYTHONWARNINGS": "ignore"}
    if is_of_this_machine(order):
        found |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "localhost"}
    java = shutil.which("java")
    if not is_connect(order) and java is None and "JAVA_HOME" not in os.environ:
        raise OrderError("the engine is spark, and the server's machine has no Java: install version 17 or newer")
    return found


def _conf(order: Order) -> dict[str, str]:
    if is_connect(order):
        return {}
    found = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(order.batch_rows),
        "spark.sql.warehouse.dir": str(Path(order.parts).parent / "warehouse"),
    }
    if is_of_this_machine(order):
        found |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return found
