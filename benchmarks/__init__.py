"""Ratios of run times against named references, measured in one run."""
