"""From a file to stored calls: read, check, compare, price, store, and give a receipt."""
