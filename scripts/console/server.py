"""Shows the console to the person who started it, and to nobody else on the machine or on the web.

It listens on loopback only. That keeps out other machines, but neither other users of this one nor pages in the same browser: so every
answer needs the secret of this start, which the printed address carries and a cookie keeps, and every request must name this server
as its host, which a page of another name that was pointed at loopback (DNS rebinding) does not.
"""

import hmac
import json
import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from lambdaloop.domain.console_snapshot import ConsoleSnapshot
from lambdaloop.domain.errors import LambdaloopError, NotFoundError, ReportSubjectError
from lambdaloop.domain.report_subject import ReportSubject, subjects_of
from scripts.console.page import live_page, snapshot_json

REPORTS = "reports/"
"""Below it lie the reports: MODEL/KIND/ID."""

_PAGE = "text/html; charset=utf-8"
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Gather = Callable[[], ConsoleSnapshot]
Report = Callable[[ReportSubject], str]


class ConsoleServer(ThreadingHTTPServer):
    """`gather` and `report` are asked anew for each request; 0 takes any free port."""

    daemon_threads = True
    # A browser opens several connections at once; those that ask nothing end with the process.
    block_on_close = False

    def __init__(self, *, port: int, gather: Gather, report: Report) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.gather, self.report = gather, report
        self.secret = secrets.token_urlsafe(24)
        self._tickets: set[str] = set()
        self.hosts = frozenset(f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost"))
        # Cookies know no ports: two consoles must not take each other's.
        self.cookie = f"lambdaloop-console-{self.server_port}"

    @property
    def address(self) -> str:
        """To be opened by whoever may see the models."""
        return f"http://127.0.0.1:{self.server_port}/?secret={self.secret}"

    def address_for_once(self) -> str:
        """One that opens once, for the command line of a browser: everybody on the machine can read those."""
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return f"http://127.0.0.1:{self.server_port}/?secret={ticket}"

    def admits(self, given: str) -> bool:
        """Whether this is the secret of this start, or a ticket that nobody used yet."""
        if hmac.compare_digest(given.encode(), self.secret.encode()):
            return True
        try:
            self._tickets.remove(given)
        except KeyError:
            return False
        return True


class _Handler(BaseHTTPRequestHandler):
    server: ConsoleServer
    server_version, sys_version = "lambdaloop", ""
    timeout = 60

    def do_GET(self) -> None:
        if self.headers.get("Host", "") not in self.server.hosts:
            self._tell(HTTPStatus.MISDIRECTED_REQUEST, "this server is asked by another name than its own")
            return
        address = urlsplit(self.path)
        given = parse_qs(address.query).get("secret", [""])[0]
        if not self.server.admits(given or self._kept()):
            self._tell(HTTPStatus.FORBIDDEN, "open the address that `lambdaloop console` printed")
            return
        try:
            self._answer(address.path, known=bool(given))
        except ReportSubjectError as error:
            self._tell(HTTPStatus.BAD_REQUEST, str(error))
        except NotFoundError as error:
            self._tell(HTTPStatus.NOT_FOUND, str(error))
        except (LambdaloopError, ClientError, BotoCoreError) as error:
            self._tell(HTTPStatus.BAD_GATEWAY, str(error))

    def _answer(self, path: str, *, known: bool) -> None:
        if path == "/":
            cookie = f"{self.server.cookie}={self.server.secret}; HttpOnly; SameSite=Strict; Path=/"
            self._send(HTTPStatus.OK, _PAGE, live_page(), cookie=cookie if known else None)
        elif path == "/snapshot.json":
            self._send(HTTPStatus.OK, "application/json", snapshot_json(self.server.gather()))
        elif path.startswith(f"/{REPORTS}") and path.count("/") == 4:
            model, kind, identity = (unquote(each) for each in path.removeprefix(f"/{REPORTS}").split("/"))
            [subject] = subjects_of({"model": model, "kind": kind, "id": identity})
            if subject is None:
                raise NotFoundError(f"there is no report at {path}")
            self._send(HTTPStatus.OK, _PAGE, self.server.report(subject))
        else:
            self._tell(HTTPStatus.NOT_FOUND, f"there is nothing at {path}")

    def _kept(self) -> str:
        try:
            kept = SimpleCookie(self.headers.get("Cookie", "")).get(self.server.cookie)
        except CookieError:
            return ""
        return kept.value if kept else ""

    def _tell(self, status: HTTPStatus, message: str) -> None:
        self._send(status, "application/json", json.dumps({"error": message}))

    def _send(self, status: HTTPStatus, kind: str, text: str, *, cookie: str | None = None) -> None:
        content = text.encode()
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if kind != _PAGE:
            self.send_header("Content-Security-Policy", "default-src 'none'")
        if cookie is not None:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base class's)
        """Nothing: a request line may hold the secret."""
