"""Lambdaloop: a closed MLOps loop on AWS with no servers."""

__version__ = "0.1.0"
