"""Alert rules of a workspace: thresholds on metrics of the server and on the rate of events."""
