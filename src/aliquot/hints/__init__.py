"""What to use in place of names and arguments of PyMC, NumPyro and Stan that are not here."""
