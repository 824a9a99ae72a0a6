"""The endpoints of a matting SavedModel, and its warm-up requests."""
