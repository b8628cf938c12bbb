"""What CloudWatch computes: metrics, metric math, alarm states, and what it reads out of log lines."""
