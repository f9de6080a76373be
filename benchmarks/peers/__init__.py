"""The comparison with other libraries: the same models, data and settings, in turns on one machine.

Run it from the repository's root: ``python -m benchmarks.peers --help``. What was measured is in
``results``, and ``docs/benchmarks.md`` is made from that.
"""
