"""A webhook and a mail server on this machine, which keep what they are sent."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


@contextmanager
def webhook(statuses: list[int]) -> Iterator[tuple[str, list[dict]]]:
    """Answers one request after the other with `statuses`, then 200; yields its address and the bodies."""
    bodies: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with _serving(HTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}/hook/t0ken", bodies


@contextmanager
def mail_server(refuses: str = "") -> Iterator[tuple[str, list[str]]]:
    """Takes every mail, but those to `refuses`; yields host:port and all that was said to it."""
    heard: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 ready")
            while line := self.rfile.readline().decode().rstrip("\r\n"):
                heard.append(line)
                verb = line.split(" ")[0].upper()
                if verb == "DATA":
                    self._say("354 go on")
                    self._take_data()
                    self._say("250 taken")
                elif verb == "QUIT":
                    self._say("221 bye")
                    return
                elif verb == "RCPT" and refuses and refuses in line:
                    self._say("550 no such mailbox")
                else:
                    self._say("250 fine")

        def _take_data(self) -> None:
            while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                heard.append(line)

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with _serving(socketserver.TCPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"127.0.0.1:{port}", heard


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
