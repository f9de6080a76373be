"""One model, many data sets: each fitted on its own, the cores kept busy, one program for all."""
