"""What `scripts/bench` measures, and the baseline it measures against."""
