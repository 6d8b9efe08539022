"""A platform's server that is no limit: whole pages, read into memory before the first request.

python -m benchmarks.server FOLDER: prints its port, then serves GET /<platform>/v1/<feed>?cursor=<n> until stopped
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

EMPTY = b'{"data":[],"next_cursor":null}'


def main(folder: Path) -> None:
    pages = {
        (path.parent.parent.name, path.parent.name, path.stem): path.read_bytes() for path in folder.glob("*/*/*.json")
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            address = urlsplit(self.path)
            _, platform_id, _, feed = address.path.split("/")
            cursor = parse_qs(address.query).get("cursor", ["0"])[0]
            body = pages.get((platform_id, feed, cursor), EMPTY)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: a line a request would be part of what is measured."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
