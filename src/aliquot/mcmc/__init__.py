"""NUTS over a log density of a flat vector. It knows nothing of models."""
