"""Probability distributions: parameters, support, log density, draws and moments."""
