"""Start one training on several machines over ssh; when a process of it fails, end the others and start all again.

    python -m examples.cluster.launch --host=node-1:12345 --host=node-2:12345 --folder=/shared/a2u_tf \
        python -m train.matting --run_dir=/shared/runs/mine

Each process gets its `TF_CONFIG`. The ports are those on which the machines talk to each other. The folder is the
working directory; machines share it, or at least what lies in the run folder. Those named 127.0.0.1 or localhost are
started here, without ssh: two of them, on two ports, show what a cluster does.
"""

import argparse
import json
import shlex
import subprocess
import sys
import time

HERE = ("127.0.0.1", "localhost")


def start(hosts, index, folder, command):
    """Start the process of one host, and return it or the ssh that holds it."""
    config = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
    line = (
        f"cd {shlex.quote(folder)} && exec env {shlex.quote(f'TF_CONFIG={json.dumps(config)}')} {shlex.join(command)}"
    )
    name = hosts[index].rpartition(":")[0]
    # With a terminal, -tt, the remote process ends with its ssh.
    return subprocess.Popen(["sh", "-c", line] if name in HERE else ["ssh", "-tt", "-o", "BatchMode=yes", name, line])


def run_once(hosts, folder, command):
    """Return whether all processes ended well; where one does not, none is left."""
    processes = [start(hosts, index, folder, command) for index in range(len(hosts))]
    try:
        while None in (codes := [process.poll() for process in processes]) and not any(codes):
            time.sleep(0.2)
        return not any(codes)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--host", action="append", required=True, metavar="NAME:PORT", help="repeat it; first the chief"
    )
    parser.add_argument("--folder", default=".", help="where the command is run, on each machine")
    parser.add_argument("--restarts", type=int, default=3, help="how often to start again")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the training, with its arguments")
    options = parser.parse_args(arguments)
    if not options.command:
        parser.error("a command must follow, such as: python -m train.matting")
    for host in options.host:
        if not host.rpartition(":")[0] or not host.rpartition(":")[2].isdigit():
            parser.error(f"--host must be NAME:PORT. Received: {host}")
    for left in range(options.restarts, -1, -1):
        if run_once(options.host, options.folder, options.command):
            return 0
        print(f"A process failed. Starts left: {left}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
