"""Validation, randomness, compilation and the array backend, shared by all subpackages."""
