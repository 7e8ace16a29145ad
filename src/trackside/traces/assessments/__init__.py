"""Feedback, expectations and issues: what people and judges say of a trace."""
