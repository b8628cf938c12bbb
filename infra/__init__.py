"""What `cdk deploy` puts into an account."""
