"""What `cdk` runs with: bytes that become JSON only as far as somebody looks at it, and otherwise as always."""

import json
import sys
from pathlib import Path

from scripts.cli.cdk import run_and_tell

NODE = str(Path(sys.executable).with_name("node"))
SAMPLES = """
const samples = [Buffer.from("h\\u00e4llo"), Buffer.alloc(0), {Body: Buffer.from([0, 255, 7]), Key: "a"}];
console.log(JSON.stringify([samples, samples[0].toJSON(), [...samples[0].toJSON().data], samples[0].toJSON().data.slice(1)]));
"""
LOGGED = """
const logged = Buffer.from("abc").toJSON();
console.log(JSON.stringify([Array.isArray(logged.data), logged.data.length, "data" in logged]));
"""
LATER = """
const bytes = Buffer.from("abc"), made = bytes.toJSON();
bytes[0] = 7;
console.log(JSON.stringify(made.data));
"""


def _node(source: str, **environment: str) -> object:
    return json.loads(run_and_tell([NODE, "-e", source], environment=environment))


def test_bytes_become_the_json_that_they_always_become() -> None:
    hello = [104, 195, 164, 108, 108, 111]
    buffer = {"type": "Buffer", "data": hello}
    body = {"type": "Buffer", "data": [0, 255, 7]}
    samples = [buffer, {"type": "Buffer", "data": []}, {"Body": body, "Key": "a"}]
    assert _node(SAMPLES) == [samples, buffer, hello, hello[1:]]


def test_the_log_of_a_call_finds_what_it_looks_for() -> None:
    assert _node(LOGGED) == [True, 3, True]


def test_no_byte_is_read_before_somebody_asks_for_it() -> None:
    assert _node(LATER) == [7, 98, 99]


def test_a_persons_own_options_of_node_stay() -> None:
    found = _node(
        "console.log(JSON.stringify(process.execArgv.concat(process.title)))", NODE_OPTIONS="--title=mine"
    )
    assert found == ["-e", "console.log(JSON.stringify(process.execArgv.concat(process.title)))", "mine"]
