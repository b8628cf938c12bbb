"""`python -m scripts.localcloud --state DIR`: the local cloud in the foreground until SIGTERM or Ctrl-C."""

import argparse
from pathlib import Path

from scripts.localcloud.server import run


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m scripts.localcloud", description=__doc__)
    parser.add_argument(
        "--state", type=Path, required=True, help="where code, layers, logs and endpoint.json go"
    )
    parser.add_argument("--port", type=int, default=0, help="of the AWS API (0: any free one)")
    parser.add_argument("--gateway-port", type=int, default=0, help="of the HTTP APIs (0: any free one)")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="virtual seconds per second; 0 freezes the clock"
    )
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="stop when whoever holds standard input is gone"
    )
    given = parser.parse_args()
    run(given.state, given.port, given.gateway_port, given.speed, until_stdin_closes=given.until_stdin_closes)


if __name__ == "__main__":
    main()
