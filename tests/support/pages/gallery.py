"""A store that has something on each page of the web UI: what `make screenshots` takes pictures of."""

import io
import json
import math
import os
import random
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from support import links
from support.client import Api
from support.pages import curves, gallery_traces
from support.processes.servers import Server
from support.stores.many_runs import fill

RUNS = 2000
OURS = "/api/trackside/v1"
STARTED_MS = 1_790_000_000_000
DAY_S = 86_400
NETWORKS = ("resnet50", "resnet18", "vit-b16", "convnext-t", "effnet-b0", "mobilenet-v3")
SEEDS = 3
NOTE = """# Longer warm-up

The warm-up of **500 steps** removes the jump at step 40. Compare with [the run before](https://example.org/).

| split | accuracy |
|---|---|
| train | 0.981 |
| val | 0.937 |
"""


def fill_before_start(data: Path) -> None:
    """Fill a stopped server's store: the experiment `churn`, number 1."""
    fill(data, "churn", RUNS, children_every=9)


def fill_over_api(server: Server, other: Server) -> dict[str, str]:
    """Everything else.  Return the ids that the addresses of pages name."""
    api = server.api
    runs = _vision(api)
    _models(api)
    api.new_workspace("team-vision", description="Image models of the vision group")
    webhook = _webhook(api)
    _link(api, other)
    _endpoint(api)
    traced = gallery_traces.fill(api)
    _orphans(server)
    _jobs(api)
    return {"run": runs[-1], "runs": json.dumps(runs[-len(NETWORKS) :][:4]), "webhook": webhook, **traced}


def _vision(api: Api) -> list[str]:
    experiment = api.new_experiment("vision")
    assert experiment == "2"
    runs = []
    for number in range(SEEDS * len(NETWORKS)):
        network = NETWORKS[number % len(NETWORKS)]
        dice = random.Random(number)
        tags = {"mlflow.source.name": "train.py", "mlflow.source.git.commit": "c0ffee" + "0" * 34, "team": "vision"}
        run_id = api.new_run(
            experiment,
            run_name=f"{network}-seed{number // len(NETWORKS)}",
            user_id="ana",
            start_time=STARTED_MS + number * 3_600_000,
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )
        params = {
            "network": network,
            "lr": f"{10 ** dice.uniform(-4, -2):.2e}",
            "batch_size": str(2 ** (5 + number % 3)),
        }
        for key, value in (params | {"epochs": "300", "augment": "randaug"}).items():
            api.post("runs/log-parameter", run_id=run_id, key=key, value=value)
        curves.log(api, run_id, _curves(dice, number), STARTED_MS + number * 3_600_000)
        if number >= (SEEDS - 1) * len(NETWORKS):
            _put(api, run_id, _files(number))
        if number == SEEDS * len(NETWORKS) - 1:
            _put(api, run_id, _images())
        else:
            api.post(
                "runs/update", run_id=run_id, status="FINISHED", end_time=STARTED_MS + number * 3_600_000 + 2_834_000
            )
        runs.append(run_id)
    api.post("runs/set-tag", run_id=runs[-1], key="mlflow.note.content", value=NOTE)
    return runs


def _curves(dice: random.Random, number: int) -> Iterator[curves.Point]:
    for step in range(300):
        slow, seed = number % len(NETWORKS), number // len(NETWORKS)
        fall = math.exp(-step / (40 + 12 * slow + 5 * seed))
        noise = dice.gauss(0, 0.02)
        yield "train/loss", 0.2 + 2 * fall + noise, step
        yield "val/loss", 0.3 + 0.03 * slow + 0.01 * seed + 2 * fall + 1.5 * noise, step
        yield "train/accuracy", 0.98 - 0.8 * fall + noise / 4, step
        yield "val/accuracy", 0.94 - 0.015 * slow - 0.004 * seed - 0.8 * fall + noise / 3, step
        yield "train/lr", 1e-3 * (0.5 + 0.5 * math.cos(math.pi * step / 300)), step
        if step % 10 == 0:
            yield "system/gpu_0_utilization_percentage", 80 + 10 * math.sin(step / 20) + 100 * noise, step
            yield "system/cpu_utilization_percentage", 35 + 200 * abs(noise), step


def _files(number: int) -> dict[str, bytes]:
    rows = [f"{index},{random.Random(index + number).random():.4f},class-{index % 7}" for index in range(400)]
    return {
        **_model_files(),
        "predictions.csv": ("id,score,label\n" + "\n".join(rows) + "\n").encode(),
        "config.json": b'{"optimizer": {"name": "adamw", "betas": [0.9, 0.999]}, "schedule": "cosine", "warmup": 500}',
        "plots/confusion.png": _picture(number),
        "notes/README.md": NOTE.encode(),
    }


def _images() -> dict[str, bytes]:
    """Pictures of keys at steps, as `mlflow.log_image` names their files."""
    return {
        f"images/{key}+step+{step}+timestamp+{STARTED_MS + step}+5e1f-{step}.png": _picture(7 * seed + step)
        for seed, key in enumerate(("train~augmented", "val~attention", "val~confusion", "val~worst_predictions"))
        for step in (0, 100, 200, 299)
    }


@cache
def _model_files() -> dict[str, bytes]:
    """A scikit-learn pipeline that predicts from three columns, as MLflow saves it."""
    import mlflow.sklearn
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    dice = random.Random(7)
    rows = pd.DataFrame(
        [(float(dice.randint(1, 60)), dice.choice(["basic", "plus"]), dice.uniform(5, 90)) for _ in range(200)],
        columns=["tenure", "plan", "monthly_charges"],
    )
    leaves = (rows["monthly_charges"] > rows["tenure"] * 1.5).astype(int)
    columns = make_column_transformer((OneHotEncoder(), ["plan"]), (StandardScaler(), ["tenure", "monthly_charges"]))
    model = make_pipeline(columns, LogisticRegression()).fit(rows, leaves)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "model"
        mlflow.sklearn.save_model(
            model,
            place,
            signature=infer_signature(rows, model.predict(rows)),
            input_example=rows.head(1),
            serialization_format="cloudpickle",
        )
        return {f"model/{each.relative_to(place)}": each.read_bytes() for each in place.rglob("*") if each.is_file()}


def _picture(number: int) -> bytes:
    import numpy as np
    from PIL import Image

    dice = np.random.default_rng(number)
    cells = dice.random((10, 10)) * 90
    cells[np.diag_indices(10)] = 200 + dice.random(10) * 55
    shades = np.kron(cells, np.ones((32, 32))).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(np.dstack([255 - shades, 255 - shades // 2, np.full_like(shades, 250)]), "RGB").save(content, "PNG")
    return content.getvalue()


def _put(api: Api, run_id: str, files: dict[str, bytes]) -> None:
    folder = api.run(run_id)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for name, body in files.items():
        assert api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{folder}/{quote(name)}", body).status == 200


def _models(api: Api) -> None:
    run_id = api.new_run(run_name="gradient-boosting", start_time=STARTED_MS)
    api.post("runs/log-metric", run_id=run_id, key="auc", value=0.9312, timestamp=STARTED_MS, step=1)
    _put(api, run_id, {name: body for name, body in _files(0).items() if name.startswith("model/")})
    source = f"{api.run(run_id)['info']['artifact_uri']}/model"
    api.post("registered-models/create", name="churn", description="Predicts who cancels within 30 days.")
    api.post("registered-models/set-tag", name="churn", key="owner", value="growth")
    for name in ("fraud", "recommender"):
        api.post("registered-models/create", name=name)
        api.post("model-versions/create", name=name, source=source, run_id=run_id)
    for _ in range(4):
        api.post("model-versions/create", name="churn", source=source, run_id=run_id)
    for alias, stage, version in (("champion", "Production", "3"), ("challenger", "Staging", "4")):
        api.post("registered-models/alias", {"name": "churn", "alias": alias, "version": version})
        api.post("model-versions/transition-stage", {"name": "churn", "version": version, "stage": stage})


def _webhook(api: Api) -> str:
    events = [{"entity": "REGISTERED_MODEL", "action": "CREATED"}, {"entity": "MODEL_VERSION", "action": "CREATED"}]
    made: Any = api.post("webhooks", name="notify-growth", url="https://hooks.example.org/mlflow", events=events)
    return str(made["webhook"]["webhook_id"])


def _link(api: Api, other: Server) -> None:
    links.add(api, "head-office", other.url, experiments=["vision"])


def _endpoint(api: Api) -> None:
    api.post(f"{OURS}/endpoints", name="churn-live", model_uri="models:/churn/3", spec={"env": "local"})
    path = f"{OURS}/endpoints/churn-live"
    links.until(
        lambda: api.get(path)["endpoint"]["deployments"][0]["state"] == "Healthy", "the deployment to be healthy"
    )


def _orphans(server: Server) -> None:
    """Files of runs that no row names, as a database of an older day leaves them."""
    for number, size in enumerate((1_900_000, 640_000, 80_000)):
        folder = (
            server.data
            / "artifacts"
            / "2"
            / f"{random.Random(number).getrandbits(128):032x}"
            / "artifacts"
            / "checkpoints"
        )
        folder.mkdir(parents=True)
        for epoch in range(number + 2):
            path = folder / f"epoch-{epoch}.ckpt"
            path.write_bytes(bytes(size))
            os.utime(path, (STARTED_MS / 1000 - 40 * DAY_S, STARTED_MS / 1000 - 40 * DAY_S))


def _jobs(api: Api) -> None:
    for kind, params in (("empty-trash", {"older_than_days": 7}), ("orphan-search", {}), ("storage-count", {})):
        _done(api, api.post(f"{OURS}/jobs", kind=kind, params=params)["job"]["job_id"])
    schedules = f"{OURS}/job-schedules"
    rule = {"experiments": "vision*", "older_than_days": 90, "keep_best": 10, "metric": "val/accuracy"}
    api.post(
        schedules, name="keep-the-best", kind="retention", params=rule, cron="30 2 * * 1", timezone="Europe/Madrid"
    )
    failed = {"experiments": "churn", "filter": "status = 'FAILED'", "older_than_days": 14}
    api.post(schedules, name="failed-runs", kind="retention", params=failed, cron="0 3 * * *")
    checkpoints = {"experiments": "*", "artifacts": "checkpoints/*", "older_than_days": 30}
    api.post(schedules, name="checkpoints", kind="retention", params=checkpoints, cron="0 4 * * 0")
    api.post(schedules, name="tidy", kind="empty-trash", interval_s=86_400)


def _done(api: Api, job: str) -> None:
    links.until(lambda: api.get(f"{OURS}/jobs/{job}")["job"]["state"] == "succeeded", "the job to end")
