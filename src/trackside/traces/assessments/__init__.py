"""Feedback, expectations and issues that people and judges attach to a trace."""
