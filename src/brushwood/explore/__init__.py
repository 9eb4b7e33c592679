"""Find groups in measurements, ask whether they are real, and make them repeatable."""
