"""Parallel tempering: a ladder of densities from one that can be drawn from to the one wanted."""
