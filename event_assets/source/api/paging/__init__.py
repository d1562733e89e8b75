"""Whether an answer is all of a list: the signs that more pages follow, and where the next one is."""
