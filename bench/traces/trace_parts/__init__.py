"""The parts of `bench/traces/traces.py`: servers, load, and copies of stored traces."""
