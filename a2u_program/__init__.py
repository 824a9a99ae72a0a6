"""What runs before Keras is imported: programs read their arguments first, and TensorFlow is kept quiet."""
