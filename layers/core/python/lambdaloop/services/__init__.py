"""Use cases, one per file; they talk to the world through ports only."""
