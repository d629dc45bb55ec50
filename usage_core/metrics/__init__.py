"""Every figure the console shows and every statement it asks the store."""
