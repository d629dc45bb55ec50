"""Providers' bills: read, kept, matched with the calls, and explained."""
