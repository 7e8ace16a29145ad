"""Jobs: work that takes longer than a request.

A slice that has such work describes it by a `kinds.Kind`, hands that to `app`, and queues jobs by `queue.submit`.  A job waits in
its workspace's queue until a server leases it.  `worker` runs it in a thread, where the kind's function gets a `running.Running`:
progress, log, cancellation and child processes.  `plan` and `schedules` decide (pure), `store` and `schedule_store` remember.
"""
