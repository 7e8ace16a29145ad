"""Score a table on Spark.

`session` connects, `frames` reads, `function` runs in the tasks, and `batch` and `stream` write.

Works on a session of this machine, on a cluster and on Spark Connect alike: it uses DataFrames alone, no RDDs and no JVM objects.
"""
