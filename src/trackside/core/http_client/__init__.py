"""HTTP to other servers: kept connections, faults in two kinds, rate limits, cancellation.  Knows no noun of the product."""
