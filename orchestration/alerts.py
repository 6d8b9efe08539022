"""Tell someone: a line in the log, a webhook, or mail, as WAREHOUSE_ALERTS says.

An alert names senders, feeds, periods, jobs and counts; never a person, and no secret: a webhook's address may hold a
token, so it is never repeated. That an alert could not be sent is logged and stops nothing.
"""

from __future__ import annotations

import logging
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from orchestration.settings import Settings

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10
ATTEMPTS = 3
LONGEST_TEXT = 4096


@dataclass(frozen=True)
class Alert:
    """`kind`: run_failed, check_failed or reports_missing; `title` is one line, `text` some more."""

    kind: str
    title: str
    text: str


def send(settings: Settings, alert: Alert, first_wait_seconds: float = 1) -> bool:
    """Send `alert` where the settings say; whether it was sent. Never raises; what went wrong is logged.

    Faults that pass are tried `ATTEMPTS` times, the first again after `first_wait_seconds`.
    """
    text = alert.text if len(alert.text) <= LONGEST_TEXT else alert.text[:LONGEST_TEXT] + " …"
    logger.warning("%s\n%s", alert.title, text)
    if settings.alerts == "log":
        return True
    is_mail = settings.alerts.startswith("mailto:")
    try:
        for attempt in Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(multiplier=first_wait_seconds, max=10),
            retry=retry_if_exception(_passes),
            reraise=True,
        ):
            with attempt:
                _mail(settings, alert.title, text) if is_mail else _post(settings, alert, text)
    except (OSError, smtplib.SMTPException, httpx.HTTPError, httpx.InvalidURL) as error:
        way = "mail" if is_mail else "webhook"
        logger.error("This alert could not be sent by %s (%s): %s", way, _reason(error), alert.title)
        return False
    return True


def _post(settings: Settings, alert: Alert, text: str) -> None:
    body = {"kind": alert.kind, "title": alert.title, "text": f"{alert.title}\n{text}"}
    httpx.post(settings.alerts, json=body, timeout=TIMEOUT_SECONDS).raise_for_status()


def _mail(settings: Settings, title: str, text: str) -> None:
    address = urlsplit(settings.alerts)
    recipients = [unquote(one) for one in address.path.split(",")]
    message = EmailMessage()
    message["Subject"] = title
    message["From"] = parse_qs(address.query).get("from", recipients)[0]
    message["To"] = ", ".join(recipients)
    message.set_content(text)
    host, _, port = settings.smtp.partition(":")
    username, password = settings.secret("WAREHOUSE_SMTP_USERNAME"), settings.secret("WAREHOUSE_SMTP_PASSWORD")
    with smtplib.SMTP(host, int(port or 25), timeout=TIMEOUT_SECONDS) as server:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls()
            server.ehlo()
        if username and password:
            server.login(username, password)
        server.send_message(message)


def _passes(error: BaseException) -> bool:
    """Whether trying again may help."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= 500 or error.response.status_code == 429
    if isinstance(error, smtplib.SMTPResponseException):
        return 400 <= error.smtp_code < 500
    return isinstance(error, (httpx.TransportError, smtplib.SMTPServerDisconnected, OSError)) and not isinstance(
        error, smtplib.SMTPRecipientsRefused
    )


def _reason(error: Exception) -> str:
    """What went wrong, without the address."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"the server answered {error.response.status_code}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered {error.smtp_code}"
    return type(error).__name__
