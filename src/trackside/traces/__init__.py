"""Traces: what an application did at each call, as a tree of spans.

`ingest` reads what clients send, `translation` gives the attributes of other conventions MLflow's names, `storage` keeps rows and
compressed spans, `search` finds traces by a filter.  `assessments` are judgements of a trace; `api` speaks MLflow's calls and
OTLP.
"""
