"""The users of the experiment demo at work: they come in virtual time, some of them again, and it is known soon what they did."""

import random
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any

from scripts.cli.demo_setup import DemoFailedError
from scripts.cli.local_process import LocalCloud
from scripts.cli.predict import SignedClient
from scripts.cli.simulated_users import ENTITY, User, users
from scripts.cli.stacks import Deployment

TICK = 600.0
"""Virtual seconds from one crowd to the next."""
_DAY = 86_400.0
_NEW_USERS = 60
_RETURNING_USERS = 12
_AT_ONCE = 12


class Visitors:
    """Asks for predictions tick by tick, and tells a tick later what was true."""

    def __init__(self, cloud: LocalCloud, deployment: Deployment) -> None:
        self._cloud, self._deployment = cloud, deployment
        self._client = SignedClient()
        self._crowd = users(since_discount=True, seed=7)
        self._chance = random.Random(7)  # noqa: S311  (simulates, keeps no secret)
        self._known: list[User] = []
        self._labels: list[dict[str, Any]] = []
        self.arms: dict[str, str] = {}
        """The arm that each user saw first, by user; of those who saw any."""
        self.changed_arms = 0
        """How many users ever saw another one."""
        self.statuses: Counter[int] = Counter()

    def come_until(self, done: Callable[[], bool], *, what: str, days: float = 1.0) -> None:
        """Let crowds come until `done`; DemoFailedError when that takes more than so many virtual days."""
        end = self._cloud.now() + days * _DAY
        while not done():
            if self._cloud.now() > end:
                raise DemoFailedError(f"{what} is not over after {days:g} virtual days")
            self._come()
            self._cloud.pass_until(self._cloud.now() + TICK)

    @property
    def summary(self) -> dict[str, int]:
        """How many requests were sent, answered with 200, and answered with a 5xx status."""
        failed = sum(count for status, count in self.statuses.items() if status >= 500)
        return {"sent": self.statuses.total(), "ok": self.statuses[200], "http_5xx": failed}

    @property
    def example_row(self) -> dict[str, Any]:
        """The row of the user who came last."""
        return self._known[-1].row

    def _come(self) -> None:
        self._tell_labels()
        again = self._chance.sample(self._known, min(_RETURNING_USERS, len(self._known)))
        fresh = list(islice(self._crowd, _NEW_USERS))
        self._known += fresh
        crowd = [*fresh, *again]
        for begin in range(0, len(crowd), _AT_ONCE):
            self._ask(crowd[begin : begin + _AT_ONCE])

    def _ask(self, crowd: list[User]) -> None:
        rows = [user.row for user in crowd]
        status, answer = self._client.post(self._deployment.predict_url, {"rows": rows})
        self.statuses[status] += 1
        if status != 200:
            return
        for user, prediction in zip(crowd, answer["predictions"], strict=True):
            self._labels.append({"prediction_id": prediction["prediction_id"], "actual": user.renews})
            arm = prediction["variant"]
            if arm != "champion":
                name = user.row[ENTITY]
                self.changed_arms += self.arms.setdefault(name, arm) != arm

    def _tell_labels(self) -> None:
        if not self._labels:
            return
        status, answer = self._client.post(self._deployment.feedback_url, {"labels": self._labels})
        if status != 202:
            raise DemoFailedError(f"{self._deployment.feedback_url} answered {status}: {answer}")
        self._labels = []
