"""Answers predictions with nothing but the core layer, the serving layer and the functions' packages.

Run as a program in an isolated process: `predict.py BUNDLE`. Prints what it saw.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from functions.check_parity.handler import handle as check_parity
from functions.inference.handler import handler
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.documents import to_document
from lambdaloop.serving.served_model import LoadedBundle

EVENT = {
    "version": "2.0",
    "routeKey": "ANY /models/churn/{proxy+}",
    "rawPath": "/models/churn/predict",
    "rawQueryString": "",
    "headers": {"content-type": "application/json"},
    "requestContext": {
        "http": {
            "method": "POST",
            "path": "/models/churn/predict",
            "sourceIp": "192.0.2.1",
            "protocol": "HTTP/1.1",
        },
        "requestId": "canary",
        "stage": "$default",
        "domainName": "api.example.com",
    },
    "body": json.dumps({"rows": [{"tenure": 12, "contract": "month"}]}),
    "isBase64Encoded": False,
}


def main(file: Path) -> None:
    content = file.read_bytes()
    bundle = Artifact(key="bundle.zip", version_id="1", sha256="0" * 64, size=len(content))
    app: Any = SimpleNamespace(artifacts=SimpleNamespace(get=lambda _: content))
    parity = check_parity({"package": {"files": {"bundle.zip": to_document(bundle)}}}, app)
    rows = [{"tenure": 3, "contract": "month"}, {"tenure": 95, "contract": "year"}]
    values = [output.value for output in LoadedBundle.from_bytes(content).predict(rows)]
    context = SimpleNamespace(aws_request_id="canary", get_remaining_time_in_millis=lambda: 1000)
    answer = handler(EVENT, context)
    seen = sorted({str(path) for path in sys.path if "site-packages" in str(path)})
    sys.stdout.write(
        json.dumps(
            {"parity": parity, "values": values, "status": answer["statusCode"], "foreign_paths": seen}
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
