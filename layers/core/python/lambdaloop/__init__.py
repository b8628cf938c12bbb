"""Lambdaloop: a closed MLOps loop on AWS with no servers."""
