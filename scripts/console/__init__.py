"""A page over the state of all models, and the server that shows it to one person."""
