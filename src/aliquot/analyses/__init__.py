"""From a table to an answer: what the command line does with a file, one file for each analysis.

An analysis reads columns (`analysis`), writes its model as text (`aliquot.builders`), fits it
(`posterior`) and leaves a folder (`folder`) with a page, tables, draws, a script and a paragraph.
"""
