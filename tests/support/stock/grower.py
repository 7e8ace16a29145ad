"""Goes on in a store that `stock_writer` wrote: `python -m support.stock.grower URI`."""

import sys

from mlflow import MlflowClient


def main() -> None:
    client = MlflowClient(sys.argv[1])
    trees = client.get_experiment_by_name("trees")
    assert trees is not None
    (old,) = client.search_runs([trees.experiment_id])
    client.log_metric(old.info.run_id, "loss", 0.001, timestamp=1_800_000_000_000, step=99)
    (other,) = client.search_runs(["0"])
    client.set_tag(other.info.run_id, "late", "tag")
    client.delete_run(other.info.run_id)
    client.create_run(trees.experiment_id, tags={"number": "5000"}, run_name="still running")
    client.set_model_version_tag("forest", "1", "k", "w")
    client.create_model_version("forest", client.get_model_version("forest", "1").source, run_id=old.info.run_id)
    client.set_registered_model_alias("forest", "champion", "4")


if __name__ == "__main__":
    main()
