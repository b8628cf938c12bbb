"""Remembers every right that was used, so that a test can show that every grant in the template is needed."""

import threading
from collections import Counter
from typing import Any

from scripts.localcloud.iam.policy import Access
from scripts.localcloud.iam.principals import Principal


class Usage:
    """Counts (who, function, action, resource, allowed); safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str | None, str, str, bool]] = Counter()

    def record(self, principal: Principal, access: Access, *, allowed: bool) -> None:
        """Note one decision."""
        who = principal.role_name or principal.user_name or principal.arn
        with self._lock:
            self._counts[who, principal.function_name, access.action, access.resource, allowed] += 1

    def report(self) -> list[dict[str, Any]]:
        """All decisions so far, sorted: role (or user), function, action, resource, allowed, count."""
        with self._lock:
            items = sorted(self._counts.items(), key=lambda item: tuple(map(str, item[0])))
        names = ("role", "function", "action", "resource", "allowed")
        return [{**dict(zip(names, key, strict=True)), "count": count} for key, count in items]
