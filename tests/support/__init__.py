"""Support code of the tests: the base class, server processes, required tools."""
