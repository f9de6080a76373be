"""Reports: one page of HTML for any fit. The parts that draw are imported when one is written."""
