"""From the settings to the SMS channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

from bot.channels.sms.alimtalk import NhnAlimTalk
from bot.channels.sms.carrier import TextCarrier
from bot.channels.sms.channel import SmsChannel
from bot.channels.sms.nhn import NhnSms
from bot.channels.sms.smpp import Smpp
from bot.channels.sms.smpp_session import Address
from bot.channels.sms.solapi import Solapi
from core.errors import StartError
from core.settings import Settings


def make(settings: Settings) -> SmsChannel | None:
    """The channel, if a carrier is chosen.

    Raises:
        StartError: a carrier is chosen and something that it needs is not given.
    """
    if not settings.sms_carrier:
        return None
    kept: list[SmsChannel] = []

    async def received(pdu: Any) -> int:
        return await kept[0].received(pdu)

    channel = SmsChannel(
        MAKERS[settings.sms_carrier](settings, received),
        settings.hotline,
        with_links=settings.locate_sms,
        templates=alimtalk(settings),
        link_template=settings.alimtalk_link_template,
        nhn_signature=_secret(settings.nhn_webhook_signature),
        solapi_path=_secret(settings.solapi_report_path),
    )
    kept.append(channel)
    return channel


def alimtalk(settings: Settings) -> NhnAlimTalk | None:
    """AlimTalk, if it is configured."""
    if not settings.alimtalk_sender_key:
        return None
    key, secret = _needed("alimtalk_app_key", settings.alimtalk_app_key), _needed("alimtalk_secret", _secret(settings.alimtalk_secret))
    return NhnAlimTalk(key, secret, settings.alimtalk_sender_key, settings.sms_sender, settings.alimtalk_url)


Received = Callable[[Any], Any]


def _nhn(settings: Settings, received: Received) -> TextCarrier:
    key, secret = _needed("nhn_sms_app_key", settings.nhn_sms_app_key), _needed("nhn_sms_secret", _secret(settings.nhn_sms_secret))
    return NhnSms(key, secret, _needed("sms_sender", settings.sms_sender), settings.nhn_sms_url)


def _solapi(settings: Settings, received: Received) -> TextCarrier:
    key, secret = _needed("solapi_key", settings.solapi_key), _needed("solapi_secret", _secret(settings.solapi_secret))
    return Solapi(key, secret, _needed("sms_sender", settings.sms_sender), settings.solapi_url)


def _smpp(settings: Settings, received: Received) -> TextCarrier:
    try:
        address = Address.of(_needed("smpp_url", settings.smpp_url), _needed("smpp_password", _secret(settings.smpp_password)))
    except ValueError as error:
        raise StartError("GILDONGMU_SMPP_URL is not an address of the form smpp://system-id@host:port.") from error
    return Smpp(address, _needed("sms_sender", settings.sms_sender), received)


MAKERS: dict[str, Callable[[Settings, Received], TextCarrier]] = {"nhn": _nhn, "solapi": _solapi, "smpp": _smpp}


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value is not None else ""


def _needed(name: str, value: str) -> str:
    if not value:
        raise StartError(f"GILDONGMU_SMS_CARRIER is set, and GILDONGMU_{name.upper()} is not.")
    return value
