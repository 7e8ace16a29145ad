"""The HTTP client for other servers: connection reuse, retryable and permanent errors, rate limits, cancellation."""
