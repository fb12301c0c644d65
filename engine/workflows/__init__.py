"""The use cases, one function per file: the product's table of contents."""
