"""Special functions to all digits, where JAX's own are not or where their difference is needed."""
