"""What `bench/traces/traces.py` is made of: servers, load, and copies of stored traces."""
