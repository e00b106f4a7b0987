"""Price files: bars of several assets, read and checked, and the returns between them."""
