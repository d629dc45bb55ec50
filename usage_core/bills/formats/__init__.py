"""Formats that bills can be read from: one module each, found through `bills.registry`."""
