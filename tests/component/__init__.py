"""Several parts together without AWS: models are fitted, months are simulated, processes are started. Slower than units."""
