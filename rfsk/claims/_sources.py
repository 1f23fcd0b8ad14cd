"""Where expectations come from, in the words of the tables."""

PAPER = "paper's words"  # of the abstract, made a bound
INDEPENDENT = "independent code"
DERIVED = "derived"
CONTROL = "control"  # what must not show, or must, for the rest to mean something
