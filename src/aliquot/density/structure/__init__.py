"""Which models are the same but for their data, so that what is compiled serves all of them."""

from aliquot.density.structure.shared import Template, found_or_made, program_of, unshared
from aliquot.density.structure.written import written, written_part

__all__ = ["Template", "found_or_made", "program_of", "unshared", "written", "written_part"]
