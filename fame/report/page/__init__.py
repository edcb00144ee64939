"""The report: one page with everything that was published and measured."""
