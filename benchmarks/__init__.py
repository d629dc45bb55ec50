"""Commands that print figures and ratios, each measured in one run."""
