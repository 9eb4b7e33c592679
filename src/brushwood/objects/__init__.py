"""From class maps to objects: splitting, and classifying what was measured."""
