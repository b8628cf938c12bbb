"""The only place with boto3: one class per port, named technology_noun."""
