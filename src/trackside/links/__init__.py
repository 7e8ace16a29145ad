"""Links: continuous replication between a workspace and a remote (Trackside, MLflow, Databricks).

- **Detect.** Local changes are read from the change log. Remote changes are read from the remote's change feed or, where there is
  none, by polling (`poll/`). Both yield ids of items, which are put into the work queue (`state/work_queue`) once per item. A
  backfill and `link sync` enqueue everything in batches (`state/backfill`).
- **Reconcile.** The worker takes the next item and reads it on both sides as a document (`sync/document`). It merges local,
  remote and the state that both sides last agreed on (`state/item_store`): a three-way merge (`reconcile/`). Metrics and files
  are synced incrementally. Status and deletions are written last. Local writes share a transaction with the new agreed state.
- **Identity.** Which local item is which remote item is kept in `state/item_store` and, where the remote chooses ids, in tags on
  the copy, so that neither a crash nor a circle of links creates an item twice (`reconcile/identity`).
- **Schedule.** One thread per link, one server per link by a lease (`worker/`). A remote that fails delays the link, an item that
  fails is delayed alone, and long items are time-sliced.
"""
