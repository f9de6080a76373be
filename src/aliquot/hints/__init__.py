"""What to use in place of names and arguments of other libraries that are not here."""
