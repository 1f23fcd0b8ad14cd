"""Foundation: validation, randomness and the array backend shared by every room."""
