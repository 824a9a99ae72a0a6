"""What pictures and trimaps are in numbers, for the data, the models and the evaluation alike."""

# Levels of trimaps.
BACKGROUND, UNKNOWN, FOREGROUND = 0, 128, 255
# Of ImageNet's red, green and blue in [0, 1].
MEAN = (0.485, 0.456, 0.406)
STANDARD_DEVIATION = (0.229, 0.224, 0.225)
