"""What a window of live traffic says about a model: profiles, drift and performance, on numpy and scipy."""
