"""Code that needs numpy and onnxruntime: only functions with the serving layer import it."""
