import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from lambdaloop.domain.console_snapshot import ConsoleSnapshot
from lambdaloop.domain.errors import BackendUnavailableError, VersionNotFoundError
from lambdaloop.domain.report_subject import ReportSubject
from scripts.console.server import REPORTS, ConsoleServer
from tests.fakes.console_world import snapshot_of
from tests.fakes.governed_model import GovernedModel

pytestmark = pytest.mark.localcloud


class World:
    def __init__(self) -> None:
        self.down = False
        self.asked: list[ReportSubject] = []

    def gather(self) -> ConsoleSnapshot:
        if self.down:
            raise BackendUnavailableError("Query was refused (Throttling): slow down: try again")
        return snapshot_of(GovernedModel(), reports=REPORTS)

    def report(self, subject: ReportSubject) -> str:
        self.asked.append(subject)
        if subject.kind == "version" and subject.number > 1:
            raise VersionNotFoundError("model 'churn' has no version 2")
        return "<!doctype html><title>a report</title>"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def server(world: World) -> Iterator[ConsoleServer]:
    with ConsoleServer(port=0, gather=world.gather, report=world.report) as made:
        serving = threading.Thread(target=made.serve_forever, args=(0.02,))
        serving.start()
        yield made
        made.shutdown()
        serving.join()


def ask(
    server: ConsoleServer,
    path: str,
    *,
    host: str | None = None,
    method: str = "GET",
    cookie: str | None = None,
) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    headers = {"Host": host or f"127.0.0.1:{server.server_port}"} | ({"Cookie": cookie} if cookie else {})
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def kept(server: ConsoleServer) -> str:
    return f"{server.cookie}={server.secret}"


def test_the_printed_address_opens_the_page_and_leaves_a_cookie_that_opens_the_rest(
    server: ConsoleServer,
) -> None:
    printed = urlsplit(server.address)
    assert printed.hostname == "127.0.0.1"
    answer, page = ask(server, f"/?{printed.query}")
    assert (answer.status, page.startswith("<!doctype html>")) == (200, True)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{kept(server)};")
    assert {"HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
    assert server.secret not in page
    answer, text = ask(server, "/snapshot.json", cookie=kept(server))
    assert answer.status == 200
    assert json.loads(text)["models"][0]["name"] == "churn"
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_a_browser_is_started_with_opens_once(server: ConsoleServer) -> None:
    started_with = urlsplit(server.address_for_once())
    assert server.secret not in started_with.query
    answer, _ = ask(server, f"/?{started_with.query}")
    assert (answer.status, answer.headers["Set-Cookie"].startswith(kept(server))) == (200, True)
    assert ask(server, f"/?{started_with.query}")[0].status == 403


@pytest.mark.parametrize("path", ["/", "/snapshot.json", "/reports/churn/version/1", "/?secret=guessed"])
@pytest.mark.parametrize("cookie", ["", "{name}=guessed", "{name}", "other={secret}", "{name}=é"])
def test_nobody_is_shown_anything_without_the_secret(
    server: ConsoleServer, world: World, path: str, cookie: str
) -> None:
    given = cookie.format(name=server.cookie, secret=server.secret)
    connection_cookie = given.encode().decode("latin-1")
    answer, text = ask(server, path, cookie=connection_cookie)
    assert answer.status == 403
    assert "lambdaloop console" in json.loads(text)["error"]
    assert world.asked == []


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{port}.evil"]
)
def test_a_name_that_was_pointed_at_this_machine_is_refused_even_with_the_secret(
    server: ConsoleServer, host: str
) -> None:
    named = host.format(port=server.server_port)
    answer, text = ask(server, f"/snapshot.json?secret={server.secret}", host=named, cookie=kept(server))
    assert answer.status == 421
    assert "churn" not in text


def test_a_second_console_does_not_open_with_the_cookie_of_the_first(
    server: ConsoleServer, world: World
) -> None:
    with ConsoleServer(port=0, gather=world.gather, report=world.report) as other:
        assert (other.cookie, other.secret) != (server.cookie, server.secret)


def test_reports_are_shown_by_model_kind_and_id(server: ConsoleServer, world: World) -> None:
    end = "2026-03-02T09:00:00+00:00"
    for kind, identity in (("version", "1"), ("window", end), ("experiment", "a trial/b")):
        answer, text = ask(server, f"/reports/churn/{kind}/{quote(identity, safe='')}", cookie=kept(server))
        assert (answer.status, "a report" in text) == (200, True)
        assert world.asked[-1] == ReportSubject(model="churn", kind=kind, id=identity)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/reports/churn/version/2", 404),
        ("/reports/churn/version/x", 400),
        ("/reports/churn/secrets/1", 400),
        ("/reports/../../etc/passwd", 404),
        ("/../../etc/passwd", 404),
    ],
)
def test_what_is_not_there_is_told_as_json(server: ConsoleServer, path: str, status: int) -> None:
    answer, text = ask(server, path, cookie=kept(server))
    assert (answer.status, set(json.loads(text))) == (status, {"error"})


def test_trouble_with_aws_is_told_in_its_own_words(server: ConsoleServer, world: World) -> None:
    world.down = True
    answer, text = ask(server, "/snapshot.json", cookie=kept(server))
    assert (answer.status, "slow down" in json.loads(text)["error"]) == (502, True)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_there_is_nothing_to_be_changed(server: ConsoleServer, method: str) -> None:
    answer, _ = ask(server, "/snapshot.json", method=method, cookie=kept(server))
    assert answer.status == 501


def test_every_answer_forbids_to_be_framed_guessed_at_or_kept(server: ConsoleServer) -> None:
    answers: list[Any] = [
        ask(server, path, cookie=cookie)[0]
        for path, cookie in (("/", kept(server)), ("/snapshot.json", kept(server)), ("/", None))
    ]
    for answer in answers:
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
