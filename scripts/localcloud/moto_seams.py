"""Every place where the local cloud replaces a piece of moto, so that it happens once and tests can undo it.

moto is one set of classes per process, while a test wants a fresh cloud: the parts replace through `Seams.replace`
and keep their own state in `Seams.part`; `restore` puts moto back as it was and forgets both.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from scripts.localcloud.cloud import Cloud

T = TypeVar("T")

_guard = threading.Lock()
_installed: "list[Seams]" = []  # none or one: moto's classes can serve one cloud at a time


class Seams:
    """What has been replaced in moto for one cloud, and the state that the parts keep for it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._undo: list[Callable[[], None]] = []
        self._parts: dict[Any, Any] = {}
        self._names: set[str] = set()
        self._guard = threading.RLock()

    def first(self, part: str) -> bool:
        """Whether `part` installs itself for the first time: installing twice changes nothing."""
        with self._guard:
            if part in self._names:
                return False
            self._names.add(part)
            return True

    def part(self, kind: type[T], make: Callable[[], T]) -> T:
        """The one object of this kind that belongs to the cloud, made on first use."""
        with self._guard:
            if kind not in self._parts:
                self._parts[kind] = make()
            found: T = self._parts[kind]
            return found

    def replace(self, owner: Any, name: str, replacement: Any) -> None:
        """Set attribute `name` of a moto class or module until `restore`; it may be new there."""
        missing = object()
        before = vars(owner).get(name, missing)

        def undo() -> None:
            if before is missing:
                delattr(owner, name)
            else:
                setattr(owner, name, before)

        setattr(owner, name, replacement)
        self._undo.append(undo)

    def undo(self) -> None:
        """Put moto back, last replacement first."""
        while self._undo:
            self._undo.pop()()


def of(cloud: Cloud) -> Seams:
    """The seams of this cloud.

    Raises RuntimeError while moto serves another cloud of this process.
    """
    with _guard:
        if not _installed:
            _installed.append(Seams(cloud))
        if _installed[0].cloud is not cloud:
            raise RuntimeError(
                "moto already serves another cloud in this process: call moto_seams.restore() first"
            )
        return _installed[0]


def restore() -> None:
    """Undo what every part replaced, and forget their state."""
    with _guard:
        while _installed:
            _installed.pop().undo()
