"""Review queues: traces that wait for a review."""
