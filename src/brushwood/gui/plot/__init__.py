"""A scatter plot that stays quick with many points, linked to whoever listens."""
