"""Tensors in the JSON of TensorFlow Serving's REST interface, in rows (`instances`) and in columns (`inputs`).

Reference: https://www.tensorflow.org/tfx/serving/api_rest
"""

import base64
import json

import numpy as np
from tensorflow.python.framework import dtypes

from tests.examples.stand_in.loaded_model import INVALID_ARGUMENT, ServingError


def read_request(body, find_signature):
    """Return a signature's name, a dict of input arrays, and whether they came in rows.

    Args:
        body: JSON as bytes.
        find_signature: Function from a name to a SignatureDef.
    """
    try:
        request = json.loads(body)
    except ValueError as error:
        raise ServingError(INVALID_ARGUMENT, f"JSON Parse error: {error}") from error
    if not isinstance(request, dict) or ("instances" in request) == ("inputs" in request):
        raise ServingError(INVALID_ARGUMENT, "expected an object with either 'instances' or 'inputs'")
    name = request.get("signature_name", "")
    if not isinstance(name, str):
        raise ServingError(INVALID_ARGUMENT, "'signature_name' key must be a string value")
    kinds = find_signature(name).inputs
    by_rows = "instances" in request
    values = _columns(request["instances"], kinds) if by_rows else request["inputs"]
    if len(kinds) == 1 and (not isinstance(values, dict) or set(values) == {"b64"}):
        values = {key: values for key in kinds}
    if not isinstance(values, dict) or set(values) != set(kinds):
        raise ServingError(INVALID_ARGUMENT, f"expected an object with the keys {sorted(kinds)}")
    return name, {key: _array(key, value, kinds[key].dtype) for key, value in values.items()}, by_rows


def write_response(outputs, by_rows):
    """Return the JSON of a dict of output arrays, as bytes; a single output goes without its name."""
    values = {name: _json(array, name.endswith("_bytes")) for name, array in outputs.items()}
    if len(values) == 1:
        (answer,) = values.values()
    elif by_rows:
        answer = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    else:
        answer = values
    return json.dumps({"predictions" if by_rows else "outputs": answer}).encode()


def _columns(rows, kinds):
    if not isinstance(rows, list) or not rows:
        raise ServingError(INVALID_ARGUMENT, "expected 'instances' to be a list, not empty")
    if len(kinds) == 1 and not (isinstance(rows[0], dict) and set(rows[0]) == set(kinds)):
        return {key: rows for key in kinds}
    if not all(isinstance(row, dict) and set(row) == set(kinds) for row in rows):
        raise ServingError(INVALID_ARGUMENT, f"expected objects with the keys {sorted(kinds)} in 'instances'")
    return {key: [row[key] for row in rows] for key in kinds}


def _array(name, value, kind):
    dtype = dtypes.as_dtype(kind)
    try:
        array = np.array(_decoded(value), object) if dtype == dtypes.string else np.array(value)
    except ValueError as error:  # bad base64, lists of unequal lengths
        raise ServingError(INVALID_ARGUMENT, f"{name}: {error}") from error
    if dtype == dtypes.string:
        fits = all(isinstance(element, bytes) for element in array.flat)
    else:
        given = array
        fits = array.dtype.kind in ("iuf" if dtype.is_floating else "iu")
        array = given.astype(dtype.as_numpy_dtype) if fits else given
        fits = fits and (dtype.is_floating or np.array_equal(array, given))
    if not fits:
        raise ServingError(INVALID_ARGUMENT, f"JSON Value of {name} is not of expected type: {dtype.name}")
    return array


def _decoded(value):
    """Replace texts and `b64` objects in nested lists by bytes."""
    if isinstance(value, list):
        return [_decoded(element) for element in value]
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict) and set(value) == {"b64"} and isinstance(value["b64"], str):
        return base64.b64decode(value["b64"], validate=True)
    return value


def _json(array, binary):
    if array.dtype != object:
        return array.tolist()
    encode = _b64 if binary else lambda content: content.decode(errors="replace")
    return np.frompyfunc(encode, 1, 1)(array).tolist()


def _b64(content):
    return {"b64": base64.b64encode(content).decode()}
