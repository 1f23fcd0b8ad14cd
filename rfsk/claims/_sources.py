"""Where expectations come from, in the words of the tables."""

PAPER = "paper, abstract"
INDEPENDENT = "independent code"
DERIVED = "derived"
