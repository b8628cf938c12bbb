"""Model fitting and packaging: the only code that imports pandas and scikit-learn (the training layer)."""
