"""Serve a SavedModel until standard input ends; the first line that is printed tells the ports.

python -m tests.examples.stand_in NAME MODEL_DIR
"""

import importlib.util
import json
import sys
import threading

from tests.examples.stand_in import rest
from tests.examples.stand_in.loaded_model import LoadedModel


def main(name, folder):
    model = LoadedModel(name, folder)
    rest_server = rest.make_server(model)
    threading.Thread(target=rest_server.serve_forever, daemon=True).start()
    ports = {"rest": rest_server.server_port}
    if importlib.util.find_spec("tensorflow_serving"):  # the extra `serving`
        from tests.examples.stand_in import grpc_service

        grpc_server, ports["grpc"] = grpc_service.make_server(model)
        grpc_server.start()
    print(json.dumps(ports), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
