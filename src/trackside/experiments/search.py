"""Searches experiments."""
from trackside.core.db.tx import Tx
from trackside.experiments import store
from trackside.experiments import model as m


def search(tx: Tx, call: m.SearchExperiments) -> m.Found:
    rows = tx.all("SELECT experiment_seq FROM experiments WHERE workspace_id = :ws ORDER BY creation_time DESC")
    return m.Found(experiments=store.by_seqs(tx, [r[0] for r in rows]))
