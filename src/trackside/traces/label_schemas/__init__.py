"""The questions that reviewers of traces are asked."""
