"""The `lambdaloop` command: the same against AWS and against the local cloud."""
