"""Labels of requests: their rows, and the call that stores them."""
