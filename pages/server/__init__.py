"""Beneath the pages: who is let in, what is kept out, how it starts and stops. It knows no page."""
