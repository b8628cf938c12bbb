"""Evaluates compiled models with numpy alone: what each kind of part computes, step for step as scikit-learn does."""
