"""Model fitting and packaging: the only code that imports pandas, scikit-learn and onnx (the training layer)."""
