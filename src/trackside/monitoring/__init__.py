"""Monitoring of the server: `/metrics`, health checks, and the alert rules and dashboard for Prometheus and Grafana."""
