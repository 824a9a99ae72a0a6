"""The program `a2u`, one file a command; what they share runs before Keras is imported, so that help takes no time."""
