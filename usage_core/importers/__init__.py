"""Formats that calls can be read from: one module each, found through `registry`."""
