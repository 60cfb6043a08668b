"""The server: TLS on loopback, routing, start and stop, in a thread of a test or in a process of its own."""

import asyncio
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from graph_emulator import batch, graph, identity_http
from graph_emulator.authority import certificate
from graph_emulator.behaviour import Behaviour
from graph_emulator.clock import Clock
from graph_emulator.control import PREFIX, Control
from graph_emulator.exchange import HttpRequest, exchange
from graph_emulator.firm import Firm, load_firm
from graph_emulator.journal import RequestRecord
from graph_emulator.messages import Answer, GraphError
from graph_emulator.snapshot import NAME, read_snapshot, write_snapshot
from graph_emulator.world import World

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class _Protocol(HttpToolsProtocol):
    """Lets the application reach the connection, to cut it as a fault demands."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"emulator.transport": {"transport": self.transport}}


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the process."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close connections at once: clients that keep them open don't answer a polite close."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Application:
    """Sends each request to Graph, to identity, to the control routes or to the page for people."""

    def __init__(self, world: World, key: str, folder: str) -> None:
        self.world = world
        pages = [Route("/devicelogin", self._device_page, methods=["GET", "POST"])]
        self._rest = Starlette(routes=[*Control(world, key, folder).routes(), *pages])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path.startswith("/v1.0/"):
            await exchange(self.world, scope, receive, send, self._mailbox_of(scope), self._graph)
        elif path.startswith(PREFIX) or path == "/devicelogin":
            await self._rest(scope, receive, send)
        else:
            await exchange(self.world, scope, receive, send, None, self._identity)

    def _mailbox_of(self, scope: Scope) -> str | None:
        """The principal name of the caller, for the log and for rules; None for a token that is no good."""
        for name, value in scope["headers"]:
            if name == b"authorization":
                try:
                    identity = self.world.identity
                    return identity.user(identity.caller(value.decode("latin-1"))).upn
                except GraphError:
                    return None
        return None

    async def _graph(self, request: HttpRequest, record: RequestRecord) -> Answer:
        path = request.path.removeprefix("/v1.0")
        try:
            if len(request.body) > graph.LARGEST_BODY:
                raise GraphError(413, "RequestEntityTooLarge", "The request body is larger than 4 MB.")
            caller = self.world.identity.caller(request.headers.get("authorization", ""))
        except GraphError as error:
            return graph.refusal(self.world, error, request.headers)
        call = graph.read_call(request.method, path, request.query, request.headers, request.body, caller)
        if path.lower() == "/$batch" and request.method == "POST":
            answer = await batch.serve(self.world, call, record.batch, record.mailbox or "")
        else:
            answer = await graph.serve(self.world, call)
        record.mails = answer.mails
        return answer

    async def _identity(self, request: HttpRequest, record: RequestRecord) -> Answer:
        return await identity_http.serve(self.world, request, record)

    async def _device_page(self, request: Request) -> HTMLResponse:
        body = (await request.body())[:10_000].decode("utf-8", "replace") if request.method == "POST" else ""
        return HTMLResponse(identity_http.device_page(self.world, dict(parse_qsl(body))), headers=PAGE_HEADERS)


class Emulator:
    """A running emulator. Use `start` as a context manager, or `start` and `stop`."""

    def __init__(self, world: World, folder: Path, port: int = 0) -> None:
        self.world = world
        self.folder = folder
        self.control_key = secrets.token_urlsafe(32)
        folder.mkdir(parents=True, exist_ok=True)
        self.ca_file, context = certificate(folder)
        self.sockets = _listen(port)
        self.port: int = self.sockets[0].getsockname()[1]
        self.url = f"https://localhost:{self.port}"
        world.listen_at(self.url)
        config = uvicorn.Config(
            Application(world, self.control_key, str(folder)),
            http=_Protocol,
            ssl_context_factory=lambda config, default: context,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
        self.server = _Server(config)
        self._thread: threading.Thread | None = None

    @classmethod
    def start(
        cls,
        folder: Path | str,
        firm: Firm | Path | str | Sequence[Firm],
        clock: Callable[[], datetime] | Clock | None = None,
        seed: str = "emulator",
        port: int = 0,
        behaviour: Behaviour | None = None,
        keep: bool = False,
    ) -> "Emulator":
        """Start in a thread and wait until it answers.

        `folder` gets `ca.pem`; `firm` is a Firm, several, or a folder of mailbox files; `keep` reads the folder's
        snapshot if there is one. Raises FirmError for files that can't be used, OSError when the port is taken.
        """
        emulator = cls.prepare(folder, firm, clock, seed, port, behaviour, keep)
        emulator._thread = threading.Thread(target=emulator.run, name="graph-emulator", daemon=True)
        emulator._thread.start()
        while not emulator.server.started:
            emulator._thread.join(0.005)
            if not emulator._thread.is_alive():
                raise RuntimeError("The emulator did not start.")
        return emulator

    @classmethod
    def prepare(
        cls,
        folder: Path | str,
        firm: Firm | Path | str | Sequence[Firm],
        clock: Callable[[], datetime] | Clock | None = None,
        seed: str = "emulator",
        port: int = 0,
        behaviour: Behaviour | None = None,
        keep: bool = False,
    ) -> "Emulator":
        """All of `start` but the start; `run` serves in the thread that calls it."""
        if isinstance(firm, (str, Path)):
            firms: Sequence[Firm] = [load_firm(Path(firm))]
        else:
            firms = [firm] if isinstance(firm, Firm) else firm
        if not isinstance(clock, Clock):
            clock = Clock(clock) if clock else Clock()
        world = World(firms, clock, seed, behaviour or Behaviour())
        if keep and (Path(folder) / NAME).exists():
            read_snapshot(world, str(folder))
        return cls(world, Path(folder), port)

    def run(self) -> None:
        """Serve until stopped."""
        asyncio.run(self.server.serve(sockets=self.sockets))

    def save(self) -> Path:
        """Write the snapshot into the folder."""
        with self.world.lock:
            return write_snapshot(self.world, str(self.folder))

    def begin_stop(self) -> None:
        """Ask the server to end."""
        self.server.should_exit = True

    def stop(self) -> None:
        """Stop serving and wait for the thread."""
        self.begin_stop()
        if self._thread is not None:
            self._thread.join(10)
        for listening in self.sockets:
            listening.close()

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _listen(port: int) -> list[socket.socket]:
    first = _bind(socket.AF_INET, "127.0.0.1", port)
    try:
        return [first, _bind(socket.AF_INET6, "::1", first.getsockname()[1])]
    except OSError:  # a machine without IPv6
        return [first]


def _bind(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # so that Nagle is off
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address, port))
    except OSError:
        listening.close()
        raise
    return listening
