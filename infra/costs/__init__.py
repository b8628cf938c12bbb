"""What the templates cost: while nobody uses them, and with the traffic that somebody expects."""
