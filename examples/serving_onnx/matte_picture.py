"""Matte one picture by an exported ONNX file.

    python3.11 -m venv onnx && onnx/bin/pip install -r examples/serving_onnx/requirements.txt
    onnx/bin/python examples/serving_onnx/matte_picture.py matting.onnx photo.png trimap.png alpha.png

The file takes uint8 RGB and a trimap of the same size, 255 foreground and 0 background, one picture at a time.
"""

import sys

import cv2
import onnxruntime


def read(path, flag):
    """Return a picture's pixels, or end with the reason."""
    pixels = cv2.imread(path, flag)
    if pixels is None:
        sys.exit(f"error: {path} is no picture that OpenCV can read")
    return pixels


def main(model, picture, trimap, output):
    image = cv2.cvtColor(read(picture, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    levels = read(trimap, cv2.IMREAD_GRAYSCALE)
    if image.shape[:2] != levels.shape:
        sys.exit(f"error: picture and trimap must have one size, and have {image.shape[:2]} and {levels.shape}")
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (alpha,) = session.run(["alpha"], {"image": image[None], "trimap": levels[None, :, :, None]})
    if not cv2.imwrite(output, (255 * alpha[0]).round().astype("uint8")):
        sys.exit(f"error: {output} could not be written")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("error: expected MODEL.onnx PICTURE TRIMAP OUTPUT")
    main(*sys.argv[1:])
