"""Image matting: pictures, trimaps and compositions."""
