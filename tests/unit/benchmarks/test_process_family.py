import os
from pathlib import Path

from scripts.benchmarks.process_family import children_of, members, resident_bytes


def _process(proc: Path, pid: int, *, name: str, session: int, state: str = "S", pages: int = 1) -> None:
    (proc / str(pid)).mkdir()
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) {state} 1 {session} {session} 0 -1")
    (proc / str(pid) / "statm").write_text(f"9 {pages} 0 0")


def test_a_family_is_who_lives_in_the_session_whatever_its_members_are_called(tmp_path: Path) -> None:
    (tmp_path / "meminfo").touch()
    _process(tmp_path, 10, name="server", session=10)
    _process(tmp_path, 11, name="a ) S 1 99 99", session=10)
    _process(tmp_path, 12, name="ended", session=10, state="Z")
    _process(tmp_path, 13, name="other", session=7)
    assert sorted(members(10, proc=tmp_path)) == [10, 11]


def test_memory_is_what_is_resident_and_none_of_who_is_gone(tmp_path: Path) -> None:
    _process(tmp_path, 10, name="server", session=10, pages=3)
    assert resident_bytes(10, proc=tmp_path) == 3 * os.sysconf("SC_PAGE_SIZE")
    assert resident_bytes(11, proc=tmp_path) == 0


def test_children_are_those_of_all_threads(tmp_path: Path) -> None:
    for thread, children in ((10, "21 22 "), (11, ""), (12, "23 ")):
        (tmp_path / "10" / "task" / str(thread)).mkdir(parents=True)
        (tmp_path / "10" / "task" / str(thread) / "children").write_text(children)
    assert sorted(children_of(10, proc=tmp_path)) == [21, 22, 23]
