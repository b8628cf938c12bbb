"""A webhook is asked a few times, never where a redirect leads, never in a private network, and its address is told nobody."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import pytest_socket
from botocore.exceptions import ClientError

from lambdaloop.adapters.https_post import open_tcp, post, public_addresses
from lambdaloop.adapters.webhook_sender import ATTEMPTS, WebhookSender
from lambdaloop.domain.alert import Alert, after
from lambdaloop.domain.alert_message import AlertMessage, message_of
from lambdaloop.domain.alert_rules import AlertChannel, AlertPlan, ChannelKind
from lambdaloop.domain.errors import AlertUndeliveredError
from lambdaloop.domain.webhook_body import signed
from tests.fakes.clock import FakeClock

URL = "https://hooks.example/T0/secret-path"


class FakeParameters:
    """GetParameter of one SecureString; a code is refused with."""

    def __init__(self, value: str | None, code: str = "ParameterNotFound") -> None:
        self.value = value
        self.code = code

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> dict[str, Any]:  # noqa: N803  (boto3's spelling)
        assert (Name, WithDecryption) == ("/lambdaloop/alerts/ops", True)
        if self.value is None:
            raise ClientError({"Error": {"Code": self.code, "Message": ""}}, "GetParameter")
        return {"Parameter": {"Value": self.value}}


class FakeWeb:
    """Answers with the given statuses, the last one for ever; an exception is raised."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, bytes, Mapping[str, str]]] = []

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        self.requests.append((url, body, headers))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer, "what it says"


def message() -> AlertMessage:
    alert = Alert(
        id="a@1",
        key="k",
        severity="warning",
        phase="began",
        at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        what="churn drifts",
    )
    return message_of(after(alert, None, cool_down=AlertPlan().cool_down).letters[0])


def send(
    web: FakeWeb, value: str | None = URL, kind: ChannelKind = "slack", code: str = "ParameterNotFound"
) -> list[float]:
    waits: list[float] = []
    parameters: Any = FakeParameters(value, code)
    channel = AlertChannel(name="ops", kind=kind, parameter="/lambdaloop/alerts/ops")
    WebhookSender(channel, clock=FakeClock(), client=parameters, post=web.post, sleep=waits.append).send(
        message()
    )
    return waits


def test_a_message_goes_to_the_address_that_the_parameter_holds() -> None:
    web = FakeWeb(200)
    assert send(web) == []
    [(url, body, headers)] = web.requests
    assert (url, headers) == (URL, {})
    assert json.loads(body)["text"] == "Warning: churn drifts"


def test_a_webhook_is_signed() -> None:
    web = FakeWeb(204)
    send(web, json.dumps({"url": URL, "secret": "s"}), "webhook")
    [(_, body, headers)] = web.requests
    seconds = int(FakeClock().now().timestamp())
    assert headers == signed(body, secret="s", seconds=seconds, identity="a@1")


@pytest.mark.parametrize(
    "failure", [503, 429, AlertUndeliveredError("no answer")], ids=["503", "429", "silence"]
)
def test_what_may_pass_is_tried_again_after_a_growing_wait(failure: int | Exception) -> None:
    web = FakeWeb(failure, failure, 200)
    first, second = send(web)
    assert 0 < first <= 1 <= second <= 2


def test_a_channel_that_goes_on_failing_is_given_up_and_its_address_is_not_told() -> None:
    web = FakeWeb(500)
    with pytest.raises(AlertUndeliveredError, match="'ops': it answered 500") as caught:
        send(web)
    assert len(web.requests) == ATTEMPTS
    assert "secret-path" not in str(caught.value)


@pytest.mark.parametrize("status", [302, 400, 404, 410])
def test_what_asking_again_would_not_change_is_not_asked_again(status: int) -> None:
    web = FakeWeb(status)
    with pytest.raises(AlertUndeliveredError, match=str(status)):
        send(web)
    assert len(web.requests) == 1


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "there is no parameter"),
        (URL, "a webhook is signed"),
        ('{"url": "https://hooks.example/", "secret": 7}', "a webhook is signed"),
        ("{", "no JSON object"),
    ],
    ids=["missing", "unsigned", "number", "broken"],
)
def test_a_parameter_that_is_of_no_use_is_named(value: str | None, says: str) -> None:
    with pytest.raises(AlertUndeliveredError, match=says):
        send(FakeWeb(200), value, "webhook")


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException", "ThrottlingException"])
def test_a_parameter_that_cannot_be_read_is_the_failure_of_its_channel_alone(code: str) -> None:
    with pytest.raises(
        AlertUndeliveredError, match=f"'ops': '/lambdaloop/alerts/ops' cannot be read.*{code}"
    ):
        send(FakeWeb(200), None, code=code)


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "::1", "fd00::1", "100.64.0.1"]
)
def test_a_host_with_an_address_inside_is_refused(inside: str) -> None:
    with pytest.raises(AlertUndeliveredError, match="not a public address"):
        public_addresses("hooks.example", 443, find=lambda *_: {"8.8.8.8", inside})


def test_a_host_has_to_have_an_address() -> None:
    def find(host: str, port: int) -> set[str]:
        raise socket.gaierror(f"{host}:{port} is unknown")

    with pytest.raises(AlertUndeliveredError, match="has no address"):
        public_addresses("hooks.example", 443, find=find)
    assert public_addresses("hooks.example", 443, find=lambda *_: {"8.8.8.8"}) == ["8.8.8.8"]


@pytest.fixture
def one_end() -> Iterator[socket.socket]:
    """Of a connection to nobody."""
    pytest_socket.enable_socket()
    one, other = socket.socketpair()
    with one, other:
        yield one


def test_every_address_of_a_host_is_tried_those_that_lambda_reaches_first(one_end: socket.socket) -> None:
    found = {"2001:4860:4860::8888", "8.8.8.8", "8.8.4.4"}
    addresses = public_addresses("hooks.example", 443, find=lambda *_: found)
    assert addresses == ["8.8.4.4", "8.8.8.8", "2001:4860:4860::8888"]
    tried = []

    def connect(address: tuple[str, int], seconds: float) -> socket.socket:
        tried.append((*address, seconds))
        if address[0] != up:
            raise OSError("unreachable")
        return one_end

    for up in addresses:
        tried.clear()
        assert open_tcp(addresses, 443, 6, connect=connect) is one_end
        assert tried == [(each, 443, 2) for each in addresses[: addresses.index(up) + 1]]
    up = "none"
    with pytest.raises(OSError, match="unreachable"):
        open_tcp(addresses, 443, 6, connect=connect)


@pytest.mark.parametrize(
    "url", ["http://hooks.example/x", "https://user:pw@hooks.example/", "ftp://x/", "hooks"]
)
def test_only_https_without_a_password_is_used(url: str) -> None:
    with pytest.raises(AlertUndeliveredError, match="https://host/") as caught:
        post(url, b"", {}, seconds=1)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/T0/secret-path/…",
        "https://hooks.example/T0/secret-path with a space",
        "https://hooks.example:secret-port/",
        "https://hooks.example:99999/secret-path",
        "https://[hooks/secret-path",
        "https://hooks secret/",
    ],
    ids=["ellipsis", "space", "word as port", "large port", "bracket", "space in host"],
)
def test_an_address_that_is_none_is_refused_without_a_word_of_it(url: str, one_end: socket.socket) -> None:
    with pytest.raises(AlertUndeliveredError, match="must be https") as caught:
        post(url, b"", {}, seconds=1, connect=lambda *_: one_end)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers["X-A"], body))  # type: ignore[attr-defined]
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
        else:
            self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    pytest_socket.enable_socket()
    server = HTTPServer(("127.0.0.1", 0), _Receiver)
    vars(server)["got"] = []
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    yield server
    server.shutdown()
    serving.join()
    server.server_close()


def test_one_request_is_sent_and_a_redirect_is_told_not_followed(receiver: HTTPServer) -> None:
    def connect(host: str, port: int, seconds: float) -> socket.socket:
        assert (host, port) == ("hooks.example", 443)
        return socket.create_connection(("127.0.0.1", receiver.server_port), timeout=seconds)

    assert post("https://hooks.example/a?b=c", b"{}", {"X-A": "1"}, seconds=30, connect=connect) == (
        200,
        "ok",
    )
    assert post("https://hooks.example/moved", b"{}", {"X-A": "1"}, seconds=30, connect=connect)[0] == 302
    assert vars(receiver)["got"] == [("/a?b=c", "1", b"{}"), ("/moved", "1", b"{}")]


def test_an_address_that_does_not_answer_is_told() -> None:
    def refuse(host: str, port: int, seconds: float) -> socket.socket:
        raise ConnectionRefusedError(f"nobody at {host}:{port} within {seconds}")

    with pytest.raises(AlertUndeliveredError, match=r"no answer from hooks\.example"):
        post("https://hooks.example/", b"{}", {}, seconds=5, connect=refuse)
