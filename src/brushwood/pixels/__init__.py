"""Pixel classification: scaling, rows under strokes, training, prediction, live updates."""
