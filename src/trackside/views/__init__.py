"""Saved views: the columns, filter and order with which a page shows the runs of an experiment."""
