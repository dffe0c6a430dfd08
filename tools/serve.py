"""Serves the built book on this machine only, until Ctrl-C.

    python tools/serve.py [FOLDER]
"""

import argparse
import functools
import http.server
import sys
from pathlib import Path

HOST = "127.0.0.1"
FIRST_PORT = 8000
PORTS_TRIED = 20


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each; a rebuilt page must show, so nothing is cached."""

    def log_message(self, *arguments):
        pass

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


class Server(http.server.ThreadingHTTPServer):
    """Says nothing of a browser that goes away in the middle of a file."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def make_server(folder):
    """A server for a folder on the first free port.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    http.server.ThreadingHTTPServer
    """
    handler = functools.partial(QuietHandler, directory=str(folder))
    for port in [*range(FIRST_PORT, FIRST_PORT + PORTS_TRIED), 0]:
        try:
            return Server((HOST, port), handler)
        except OSError:
            continue
    raise OSError("no free port")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("_build/html"))
    folder = parser.parse_args(arguments).folder
    if not (folder / "index.html").exists():
        return f"{folder} holds no book; run `make html` first"
    with make_server(folder) as server:
        print(f"\nThe book is at http://{HOST}:{server.server_address[1]}/   (Ctrl-C stops)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nStopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
