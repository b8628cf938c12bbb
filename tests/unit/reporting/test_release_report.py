from datetime import timedelta

from lambdaloop.domain.release import Judgement, Release
from lambdaloop.reporting.release_report import ReleasePage, release_report
from tests.fakes.samples import MODEL, MORNING, rules

MINUTE = timedelta(minutes=1)


def judged(minute: int, step: int, verdict: str, requests: float) -> Judgement:
    return Judgement(
        at=MORNING + minute * MINUTE,
        step=step,
        weight=(0.1, 1.0)[step],
        verdict=verdict,  # type: ignore[arg-type]
        reasons=("as it should be",),
        numbers={"requests": requests},
    )


def page(live_after: timedelta) -> str:
    release = Release(
        number=3,
        model=MODEL,
        version=2,
        status="live",
        execution="run",
        requested_by="tests",
        reason="a test asks for it",
        created_at=MORNING,
        previous_lambda_version="1",
        first=False,
        rules=rules(),
        judgements=(
            judged(10, 0, "hold", 100),
            judged(20, 0, "advance", 300),
            judged(30, 1, "complete", 500),
        ),
        live_at=MORNING + live_after,
    )
    return release_report(ReleasePage(release=release), written_at=MORNING + timedelta(days=13))


def test_requests_of_a_step_that_was_held_count_once() -> None:
    assert ">800<" in page(30 * MINUTE)


def test_a_release_that_was_gone_back_to_took_as_long_as_it_did_the_first_time() -> None:
    returned = page(timedelta(days=12))
    assert "30 minutes" in returned
    assert "12 days" not in returned
    drawn = returned[returned.index('id="traffic"') : returned.index("</svg>")]
    assert drawn in page(30 * MINUTE)
