"""What the numbers of an experiment say: pure statistics, from sums to a verdict."""
