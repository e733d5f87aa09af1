"""The tests; a package so that they can share the stack and the fakes."""
