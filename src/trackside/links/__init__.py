"""Links: continuous replication between a workspace and a remote (Trackside, MLflow, Databricks).

- **Detect.** Local changes are read from the change log. Remote changes are read from the remote's change feed or, if
  it has none, by polling (`poll/`). Both yield ids of items, which are put into the work queue (`state/work_queue`)
  once per item. A backfill and `link sync` enqueue everything in batches (`state/backfill`).
- **Reconcile.** The worker takes the next item and reads it on both sides as a document (`sync/document`). It merges
  local, remote and the state that both sides last agreed on (`state/item_store`): a three-way merge (`reconcile/`).
  Metrics and files are synced incrementally. Status and deletions are written last. Local writes share a transaction
  with the new agreed state.
- **Identity.** `state/item_store` maps local ids to remote ids. If the remote chooses ids, tags on the copy also name
  its source. So neither a crash nor a circle of links creates an item twice (`reconcile/identity`).
- **Schedule.** Each link has one thread, and a lease lets one server run it (`worker/`). A failing remote delays the
  whole link, a failing item only itself, and long items are time-sliced.
"""
