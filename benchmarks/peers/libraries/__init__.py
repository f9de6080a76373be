"""One file a library: its settings, its models, and how it is run."""
