"""Compare results with ground truth, and say honestly how good a classifier is."""
