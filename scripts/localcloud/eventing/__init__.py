"""How events and schedules reach their targets: expressions, input, retries, and the queue of work to come."""
