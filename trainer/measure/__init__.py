"""What this machine does: its idle power, matrix products, memory, a training step and an answer, timed."""
