"""Labels of requests: their rows, and the call that takes them."""
