"""Traces: the calls of an application, each as a tree of spans.

`ingest` reads what clients send, `translation` maps attributes of other conventions to MLflow's names, `storage` keeps rows and
compressed spans, and `search` finds traces by a filter.  `assessments` are judgements of a trace.  `api` serves MLflow's calls
and OTLP.
"""
