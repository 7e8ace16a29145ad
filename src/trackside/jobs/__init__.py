"""Jobs: work that takes longer than a request.

A slice describes such work by a `kinds.Kind`, passes the kind to `app`, and queues jobs by `queue.submit`.  A job waits in the
queue of its workspace until a server leases it.  `worker` runs the job in a thread and gives the kind's function a
`running.Running`: progress, log, cancellation and child processes.  `plan` and `schedules` decide (pure), `store` and
`schedule_store` contain the SQL.
"""
