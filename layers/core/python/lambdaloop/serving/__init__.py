"""Code that loads served models and asks them: only functions with a serving layer import it."""
