"""What a person calls on a model: sample, fit, predict."""
