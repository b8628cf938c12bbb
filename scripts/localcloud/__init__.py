"""An embedded AWS for one machine: moto, and what moto lacks, so that the real `cdk deploy` has a place to go."""
