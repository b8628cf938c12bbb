"""Tells people of alarms and of events: each in words, once, through every channel."""

import json

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.alert import Alert
from lambdaloop.domain.alert_rules import of_alarm, of_happening
from lambdaloop.domain.documents import Document
from lambdaloop.domain.happening import happening_of
from lambdaloop.services.send_alerts import send_alert, send_open_alerts


def handle(event: Document, app: App) -> Document:
    """A message of the alarms' topic, or an event of the bus → how many alerts were found in it, and for how many keys something was due."""
    found = _of_topic(event, app) if "Records" in event else _of_bus(event, app)
    for alert in found:
        send_alert(
            alert,
            cool_down=app.alert_plan.cool_down,
            log=app.alerts,
            senders=app.alert_senders,
            metrics=app.alert_metrics,
        )
    # The watch's event comes every few hours: what was held back, or did not arrive, goes then, or with the next alert.
    due = send_open_alerts(
        now=app.clock.now(), log=app.alerts, senders=app.alert_senders, metrics=app.alert_metrics
    )
    return {"alerts": len(found), "due": due}


def _of_topic(event: Document, app: App) -> list[Alert]:
    models = tuple(filter(None, app.settings.need("api_models").split(",")))
    messages = [json.loads(record["Sns"]["Message"]) for record in event["Records"]]
    told = [
        of_alarm(message, models=models, region=app.region, stage=app.settings.at_stage)
        for message in messages
    ]
    return [alert for alert in told if alert is not None]


def _of_bus(event: Document, app: App) -> list[Alert]:
    alert = of_happening(happening_of(event), region=app.region, stage=app.settings.at_stage)
    return [] if alert is None else [alert]


handler = lambda_entrypoint(handle)
