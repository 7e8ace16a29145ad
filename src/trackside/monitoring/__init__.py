"""What the server tells a monitoring system: metrics, health, alert rules and a dashboard."""
