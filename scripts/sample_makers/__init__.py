"""Simulators and stroke painters behind ``scripts/make_samples.py``."""
