"""Matte a picture by a model that TensorFlow Serving serves, over its REST interface. Needs Python alone.

    python -m examples.serving_clients.rest_client --server=127.0.0.1:8501 photo.png trimap.png alpha.png

Reference: https://www.tensorflow.org/tfx/serving/api_rest
"""

import base64
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request

from examples.serving_clients import command_line
from examples.serving_clients.command_line import RequestError


def request_matte(server, model, photo, trimap, timeout):
    """Return the PNG file of a matte, as bytes.

    Args:
        server: Host and port of the REST interface.
        model: Name under which the model is served.
        photo: PNG or JPEG file, as bytes.
        trimap: The same, of its trimap, of the same size.
        timeout: Seconds to wait.

    Raises:
        RequestError: Where there is no answer, or another one.
    """
    url = f"http://{server}/v1/models/{urllib.parse.quote(model, safe='')}:predict"
    instance = {"image_bytes": _binary(photo), "trimap_bytes": _binary(trimap)}
    body = json.dumps({"signature_name": "serve_encoded", "instances": [instance]}).encode()
    try:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=timeout) as response:
            answer = response.read()
    except urllib.error.HTTPError as error:
        raise RequestError(f"{server} answered {error.code} {error.reason}: {_message(error)}") from error
    except OSError as error:
        raise RequestError(f"no answer from {server}: {getattr(error, 'reason', error)}. Is a server there?") from error
    except (ValueError, http.client.HTTPException) as error:
        raise RequestError(
            f"`server` must be host:port of the REST interface, by default at 8501. Received: {server}, {error!r}"
        ) from error
    try:
        return base64.b64decode(json.loads(answer)["predictions"][0]["b64"], validate=True)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise RequestError(
            f'{server} must answer {{"predictions": [{{"b64": ...}}]}}. Received: {answer[:80]!r}'
        ) from error


def _binary(content):
    return {"b64": base64.b64encode(content).decode()}


def _message(error):
    """Return what the body of an error says."""
    body = error.read().decode(errors="replace")
    try:
        return json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return body


if __name__ == "__main__":
    command_line.main(request_matte, __doc__.splitlines()[0], "127.0.0.1:8501")
