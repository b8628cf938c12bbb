"""Programs that run inside layers, and see nothing else."""
