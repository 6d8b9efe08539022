"""The platforms of a world over HTTP on loopback: a REST interface and an LRS a platform, with faults on demand.

    GET /p001/v1/<feed>?updated_from=&updated_to=&limit=&cursor=    bearer token
    GET /p024/xapi/statements?since=&until=&ascending=&limit=       basic auth, X-Experience-API-Version
    GET /                                                            what this is
    GET /health

Run alone: python -m orchestration.sandbox.server --dir D [--faults down:P007,slow:P009] [--until-stdin-closes]
Every answer says that the platforms are samples (header `X-Sandbox`).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import orjson
import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from orchestration.sandbox.errors import SandboxError
from orchestration.sandbox.faults import Fault, as_faults
from orchestration.sandbox.service import make_app
from orchestration.sandbox.world import Manifest

HOST = "127.0.0.1"
START_TIMEOUT_SECONDS = 30.0


def serve(
    directory: Path,
    faults: Iterable[Fault | str] | str | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the world in `directory` until SIGINT or SIGTERM; `ready` hears the address once it answers.

    Raises SandboxError if there is no world or its port is taken, FaultError.
    """
    app = make_app(directory, faults)
    manifest = Manifest.read(directory)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, manifest.port))
    except OSError as error:
        listener.close()
        raise SandboxError(
            f"port {manifest.port} can't be taken ({error.strerror}); stop what listens there, or make the world anew "
            "with another port"
        ) from None
    config = uvicorn.Config(
        app,
        log_level="critical",
        access_log=False,
        http=_protocol(as_faults(faults)),
        timeout_graceful_shutdown=2,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    if ready is not None:
        threading.Thread(target=_tell_when_ready, args=(server, manifest.port, ready), daemon=True).start()
    server.run(sockets=[listener])


def _protocol(faults: tuple[Fault, ...]) -> type[asyncio.Protocol]:
    """uvicorn's protocol, except that a platform that is down hangs up on every request."""
    names = "|".join(r"p\d{3}" if f.platform == "*" else f.platform.lower() for f in faults if f.kind == "down")
    if not names:
        return AutoHTTPProtocol
    to_a_dead_one = re.compile(rf"^GET /(?:{names})/".encode())

    class HangsUp(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        def data_received(self, data: bytes) -> None:
            if to_a_dead_one.match(data):
                self.transport.abort()
            else:
                super().data_received(data)

    return HangsUp


def _tell_when_ready(server: uvicorn.Server, port: int, ready: Callable[[str], None]) -> None:
    while not server.started:
        time.sleep(0.02)
    ready(f"http://{HOST}:{port}")


@contextmanager
def start_server(directory: Path, faults: Iterable[Fault | str] | str | None = None) -> Iterator[str]:
    """A server in a process of its own, up when the block begins and gone when it ends; yields its address.

    The child also ends when this process dies. Raises SandboxError if it doesn't come up, with what it said.
    """
    manifest = Manifest.read(directory)
    text = ",".join(str(fault) for fault in as_faults(faults))
    command = [sys.executable, "-m", "orchestration.sandbox.server", "--dir", str(directory), "--faults", text]
    child = subprocess.Popen(
        [*command, "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    address = f"http://{HOST}:{manifest.port}"
    try:
        _wait_for(address, child, directory)
        yield address
    finally:
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for stream in (child.stdin, child.stderr):
            if stream is not None:
                stream.close()


def _wait_for(address: str, child: subprocess.Popen[bytes], directory: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            said = child.stderr.read().decode("utf-8", "replace").strip() if child.stderr else ""
            raise SandboxError(said.splitlines()[-1] if said else "the sandbox server ended at once")
        try:
            with urlopen(f"{address}/health", timeout=1) as answer:  # noqa: S310 - loopback
                if orjson.loads(answer.read()).get("directory") == str(directory.resolve()):
                    return
        except (URLError, OSError, ValueError):
            pass
        time.sleep(0.05)
    raise SandboxError(f"the sandbox server did not come up at {address} in {START_TIMEOUT_SECONDS:.0f} s")


def _end_with_stdin() -> None:
    # Unbuffered: a buffered read would hold a lock that the interpreter wants when it ends by itself.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m orchestration.sandbox.server")
    parser.add_argument("--dir", required=True, type=Path)
    parser.add_argument("--faults", default="")
    parser.add_argument("--until-stdin-closes", action="store_true")
    arguments = parser.parse_args()
    if arguments.until_stdin_closes:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        serve(arguments.dir, arguments.faults)
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
