"""From what clients send to spans and deltas of traces: OTLP, JSON, files of older clients."""
