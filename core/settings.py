"""One settings class: environment variables prefixed ``GILDONGMU_``, validated at start. ``docs/settings.md`` lists every field."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import HOTLINE
from core.sandbox_settings import KEPT

ROOT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """Everything an operator may set. Command-line options override the environment."""

    model_config = SettingsConfigDict(env_prefix="GILDONGMU_", populate_by_name=True, extra="ignore")

    environment: Literal["development", "production"] = Field("development", description="production refuses notices written for tests and unsafe defaults")
    sandbox: bool = Field(False, description="a place for training, as `serve --sandbox` starts it: nothing that goes out can be set up")
    database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("GILDONGMU_DATABASE_URL", "DATABASE_URL", "database_url"),
        description="PostgreSQL of the operator; unset: the program starts its own in the data folder",
    )
    data_dir: Path = Field(ROOT / "var", description="folder of the embedded database, keys and uploads")
    host: str = Field("127.0.0.1", description="address that the web process listens on")
    port: int = Field(8080, ge=0, le=65535, description="port that the web process listens on")
    public_url: str | None = Field(None, description="address citizens reach us at, for links; unset: taken from the request")
    tls_cert: Path | None = Field(None, description="certificate file; browsers give a place only in a secure context")
    tls_key: Path | None = Field(None, description="key file of the certificate")
    trusted_proxies: str = Field("", description="comma-separated addresses whose X-Forwarded-For is believed")
    key_file: Path | None = Field(None, description="file of the encryption keys; unset: keys.json (0600) in the data folder")
    backup_passphrase: SecretStr | None = Field(None, description="seals the keys inside a backup; unset: `backup` and `restore` ask for it; never logged")
    hotline: str = Field(HOTLINE, description="the service's own number, shown whenever no checked local number is known")
    frame_ancestors: str = Field("'self'", description="sites that may embed the chat widget (Content-Security-Policy source list)")

    quick_exit_url: str = Field(
        "", pattern=r"^(https?://\S+)?$", description="page that quick exit leads to, such as a weather page (https); empty: an empty page of our own"
    )

    vanish_after_s: int = Field(60, ge=5, le=3600, description="lines of a guarded conversation go from the citizen's page this long after they could be seen")
    guarded_push_minutes: int = Field(
        5, ge=0, le=60, description="a guarded person gets an answer as a push only so long after writing; later it waits for their next message; 0: never"
    )

    analyser_threads: int = Field(1, ge=1, le=16, description="threads of the sentence encoder in one process")
    standby_triage_delay_ms: int = Field(250, ge=0, description="the web process triages what no worker has triaged after this time")
    triage_slots: int = Field(3, ge=1, le=8, description="batches of new messages that one worker judges at the same time")
    turn_slots: int = Field(8, ge=1, le=64, description="conversations that one worker answers at the same time")
    dialogue_timeout_ms: int = Field(1500, ge=100, description="longest wait for Rasa in a turn; then search answers")
    dialogue: bool = Field(True, description="start Rasa beside the worker; off: routine questions are answered from search alone")
    ask_timeout_s: int = Field(60, ge=5, description="no answer to the danger question within this time counts as yes")

    file_max_mb: int = Field(10, ge=1, le=50, description="largest picture or file that is taken, from any channel and from agents")
    file_keep_days: int = Field(30, ge=1, le=3650, description="a picture or file is erased after this time, unless a legal hold stands")
    file_conversation_max_mb: int = Field(100, ge=1, description="pictures and files of one conversation together; then no more are taken")
    file_store_max_mb: int = Field(5000, ge=1, description="all pictures and files together, so that they never fill the database's disk")
    files_per_minute: int = Field(20, ge=1, description="uploads per conversation on the web chat")
    file_redirects: int = Field(0, ge=0, le=3, description="redirects that a platform's file may lead over; each is checked like the first address")

    messages_per_minute: int = Field(1200, ge=1, description="per conversation; danger is never limited")
    conversations_per_minute: int = Field(1200, ge=1, description="new conversations per address")
    max_text_chars: int = Field(4000, ge=100, description="longest message accepted")

    location_ttl_hours: int = Field(72, ge=1, description="an exact place is erased after this time")
    location_link_minutes: int = Field(60, ge=1, description="a location link may be opened for this long")
    offer_timeout_s: int = Field(25, ge=5, description="who is offered a case has this long to accept; then the next is asked, and at last every desk rings")
    locate_code_minutes: int = Field(15, ge=1, le=30, description="six digits read out to a caller open the location page for this long, once")
    locate_sms: bool = Field(False, description="agents may send callers the location link by SMS, where an SMS service is connected; off: desks say so")
    calls: bool = Field(True, description="citizens on the web chat and agents may speak for free, from browser to browser; off: the number to call is shown")
    call_stun_urls: str = Field(
        "", pattern=r"^(stuns?:\S+(, ?stuns?:\S+)*)?$", description="servers that tell a browser its own address, comma-separated; empty: none is asked"
    )
    call_turn_urls: str = Field(
        "", pattern=r"^(turns?:\S+(, ?turns?:\S+)*)?$", description="servers that relay voices where browsers cannot reach each other, comma-separated"
    )
    call_turn_secret: SecretStr | None = Field(None, description="secret shared with the relay, from which each call gets a password that ends; never logged")
    call_turn_minutes: int = Field(60, ge=5, le=1440, description="such a password begins a relayed call for this long")
    call_relay_only: bool = Field(False, description="voices go over the relay alone, so that neither side learns the other's network address")
    drill_times: str = Field(
        "",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d(, ?([01]\d|2[0-3]):[0-5]\d)*)?$",
        description="times of day in Seoul at which a drill comes in, such as `10:00,03:30`; empty: only `gildongmu drill` starts one",
    )
    drill_url: str = Field(
        "", pattern=r"^(https?://\S+)?$", description="where the worker finds the web chat for a drill; empty: on this machine, at this port"
    )
    reopen_days: int = Field(7, ge=0, le=365, description="a closed case may be opened again for this many days; 0: never")
    duty_phone: str = Field("", description="telephone outside this platform that a life threat nobody has taken rings after 60 s; empty: desks say so")
    duty_call_url: str = Field("", description="the operator's telephone gateway, which takes one POST a call; empty: nobody is called, and desks say so")
    duty_call_token: SecretStr | None = Field(None, description="bearer token of the telephone gateway; never logged")
    guidance_dir: Path | None = Field(None, description="folder of the installation's own guidance cards for agents; each takes the place of the program's")
    tile_url: str = Field("", description="map tile server, asked through our own address; empty: country outlines only, nothing leaves the machine")
    nearby_url: str = Field("", description="OpenStreetMap service (Overpass interpreter) for hospitals and police around a place; empty: never asked")
    nearby_timeout_s: int = Field(6, ge=1, le=30, description="longest wait for that service; the card never waits for it")
    smtp_host: str = Field("", description="mail server that tells mission officers of cases by number; empty: they are told on their desk alone")
    smtp_port: int = Field(587, ge=1, le=65535, description="port of the mail server")
    smtp_security: Literal["none", "starttls", "tls"] = Field("starttls", description="how the mail server is spoken to; `none` is for tests")
    smtp_user: str = Field("", description="account at the mail server; empty: no sign-in")
    smtp_password: SecretStr | None = Field(None, description="password of that account")
    mail_from: str = Field("gildongmu@localhost", description="sender of the mail to officers")
    officer_repeat_minutes: int = Field(5, ge=1, le=120, description="mail to an officer is repeated this often until it is acknowledged on the desk")
    review_sample_size: int = Field(40, ge=0, le=1000, description="messages a week, not escalated, that two people judge blind; 0: no sample")
    import_max_mb: int = Field(20, ge=1, le=1000, description="largest document that `kb import` opens; JSONL is read line by line and has no limit")
    import_timeout_s: int = Field(60, ge=1, description="longest time that reading one document may take; then it is refused")
    import_review_days: int = Field(180, ge=1, description="a draft is to be reviewed within this many days, unless it names a day")
    publish_needs_second_person: bool = Field(False, description="who wrote a version of a notice cannot publish it; another editor does")
    unanswered_keep_days: int = Field(180, ge=1, description="what citizens asked in vain is kept for editors this long, redacted and encrypted")
    staff_session_hours: int = Field(12, ge=1, description="a staff sign-in lasts this long")
    words_keep_days: int = Field(1095, ge=30, description="what was written in a conversation is erased after this time, unless a case of it is open or held")
    notes_keep_days: int = Field(1095, ge=30, description="notes, promises and callers' numbers of a case are erased this long after it has ended")
    place_records_keep_days: int = Field(730, ge=183, description="that a place was sent, agreed to and looked at is erased after this time")
    codes_keep_days: int = Field(30, ge=1, description="used and outdated codes, links, invitations and sign-in attempts are erased after this time")
    events_keep_days: int = Field(
        400, ge=60, description="events of cases and conversations that are over are erased after this time; the board counts from them"
    )
    queue_events_keep_days: int = Field(30, ge=2, description="events of the queue, which desks read within seconds, are erased after this time")
    incident_names_keep_days: int = Field(365, ge=1, description="names that staff put on the list of an incident are erased this long after it has ended")
    access_log_keep_days: int = Field(
        730, ge=730, description="the access log, and reasons for restricting and opening cases, are erased after this time; two years at least"
    )
    export_keep_days: int = Field(
        14, ge=1, le=90, description="what was prepared for a request for information may be fetched for so long, then its copy is erased"
    )
    break_glass_minutes: int = Field(30, ge=5, le=480, description="whoever opens a restricted case with a reason sees it for this long")
    access_many_cases: int = Field(60, ge=1, description="an account that looked at so many cases in one day stands out in the monthly review")

    sender_slots: int = Field(8, ge=1, le=64, description="conversations on messengers that one worker sends to at the same time")
    line_channel_secret: SecretStr | None = Field(None, description="LINE: the channel secret that signs webhooks; unset: no LINE")
    line_channel_token: SecretStr | None = Field(None, description="LINE: the channel access token for sending; never logged")
    line_api_url: str = Field("https://api.line.me", description="LINE: where messages are sent; a simulator's address for trying it out")
    line_data_url: str = Field("https://api-data.line.me", description="LINE: where pictures and files are fetched; a simulator's address for trying it out")

    kakao_skill_secret: SecretStr | None = Field(None, description="KakaoTalk: the last part of the skill's address; unset: no KakaoTalk")
    kakao_header_secret: SecretStr | None = Field(None, description="KakaoTalk: what the skill's header `X-Skill-Secret` must say; unset: no KakaoTalk")
    kakao_callback_hosts: str = Field(
        "kakao.com", description="KakaoTalk: hosts that a callback may go to, by https, and those below them; with `http://` in front: exactly this origin"
    )
    kakao_file_hosts: str = Field(
        "kakao.com,kakaocdn.net",
        description="KakaoTalk: hosts that pictures and files are fetched from, by https, and those below them; with `http://` in front: exactly this origin",
    )
    kakao_operator_button: bool = Field(False, description="KakaoTalk: the channel's own 1:1 chat is on, so that a button may lead there; not with a dealer")
    kakao_bot_id: str = Field("", description="KakaoTalk: the chatbot's id, for events; that of the development channel ends with `!`")
    kakao_rest_key: SecretStr | None = Field(None, description="KakaoTalk: REST API key of the app that is linked to the bot, for events; never logged")
    kakao_event_name: str = Field("", description="KakaoTalk: the event whose block shows `{{#current.event.data.text}}`")
    kakao_event_daily_budget: int = Field(0, ge=0, description="KakaoTalk: events a day in Seoul that may be paid for; 0: none is ever sent")
    kakao_event_url: str = Field("https://bot-api.kakao.com", description="KakaoTalk: where events are sent; the development channel may have another")
    kakao_consult_channel: str = Field("", description="consult talk: the channel as in its address, such as `@gildongmu`, for the button that leads there")
    kakao_consult_dealer: Literal["bizgo", "happytalk"] = Field("bizgo", description="consult talk: the dealer that holds the contract with Kakao")
    kakao_consult_url: str = Field("", description="consult talk: the dealer's API; empty: its production address")
    kakao_consult_client_id: str = Field("", description="consult talk: the client id, where the dealer gives one (Happytalk)")
    kakao_consult_key: SecretStr | None = Field(None, description="consult talk: the dealer's API key or client secret; unset: no consult talk")
    kakao_consult_sender_key: SecretStr | None = Field(None, description="consult talk: the sender key of the channel, which each webhook must name")
    kakao_consult_secret: SecretStr | None = Field(None, description="consult talk: the part of the webhooks' address that nobody can guess")
    kakao_consult_addresses: str = Field("", description="consult talk: comma-separated addresses and networks of the dealer; empty: any that knows the secret")
    kakao_consult_bot_event: str = Field("", description="consult talk: the bot's event with which a citizen goes back to it; empty: the session just ends")

    wechat_app_id: str = Field("", description="WeChat official account: its AppID; empty: no such account")
    wechat_app_secret: SecretStr | None = Field(None, description="WeChat official account: its AppSecret, for access tokens; never logged")
    wechat_token: SecretStr | None = Field(None, description="WeChat official account: the Token of the server configuration, which signs")
    wechat_aes_key: SecretStr | None = Field(None, description="WeChat official account: the EncodingAESKey, 43 characters; not for plain mode")
    wechat_mode: Literal["plain", "compatible", "safe"] = Field(
        "safe", description="WeChat official account: as in its console; in compatible and safe mode only the encrypted part is believed"
    )
    wechat_original_id: str = Field("", description="WeChat official account: its gh_ id; set: requests for another account are refused")
    wechat_mini_app_id: str = Field("", description="WeChat mini-program: its AppID; empty: no such program")
    wechat_mini_app_secret: SecretStr | None = Field(None, description="WeChat mini-program: its AppSecret, for access tokens; never logged")
    wechat_mini_token: SecretStr | None = Field(None, description="WeChat mini-program: the Token of its message push, which signs")
    wechat_mini_aes_key: SecretStr | None = Field(None, description="WeChat mini-program: the EncodingAESKey; not for plain mode")
    wechat_mini_mode: Literal["plain", "compatible", "safe"] = Field("safe", description="WeChat mini-program: as in its console")
    wechat_mini_original_id: str = Field("", description="WeChat mini-program: its gh_ id; set: requests for another program are refused")
    wechat_api_url: str = Field("https://api.weixin.qq.com", description="WeChat: where messages are sent; a simulator's address for trying it out")

    channel_alarm_s: int = Field(300, ge=10, description="a channel counts as stuck when something has waited this long to be sent")
    channel_danger_alarm_s: int = Field(30, ge=5, description="the same for words to somebody in danger")
    channel_alarm_given_up: int = Field(10, ge=1, description="the same when so many lines were given up within 15 minutes")
    heartbeat_url: str = Field("", description="address of a watch outside, fetched each minute while all is well; empty: none, nothing leaves the machine")

    sms_carrier: Literal["", "nhn", "solapi", "smpp"] = Field("", description="who brings SMS; empty: no SMS. Texts come in by `smpp` alone")
    sms_sender: str = Field("", description="our own number on SMS, as the carrier registered it; with SMPP best as +82…")
    nhn_sms_app_key: str = Field("", description="NHN Cloud SMS: the app key")
    nhn_sms_secret: SecretStr | None = Field(None, description="NHN Cloud SMS: the secret key; never logged")
    nhn_sms_url: str = Field("https://sms.api.nhncloudservice.com", description="NHN Cloud SMS: where texts are sent")
    nhn_webhook_signature: SecretStr | None = Field(
        None, description="the string that NHN sends with results (X-Toast-Webhook-Signature); unset: results are only asked for"
    )
    alimtalk_app_key: str = Field("", description="NHN Cloud AlimTalk: the app key")
    alimtalk_secret: SecretStr | None = Field(None, description="NHN Cloud AlimTalk: the secret key; never logged")
    alimtalk_sender_key: str = Field("", description="NHN Cloud AlimTalk: the sender profile; empty: no AlimTalk")
    alimtalk_link_template: str = Field(
        "", description="NHN Cloud AlimTalk: code of the approved template that brings callers the location link as #{url}; empty: by SMS alone"
    )
    alimtalk_url: str = Field("https://kakaotalk-bizmessage.api.nhncloudservice.com", description="NHN Cloud AlimTalk: where messages are sent")
    solapi_key: str = Field("", description="Solapi: the API key")
    solapi_secret: SecretStr | None = Field(None, description="Solapi: the API secret; never logged")
    solapi_url: str = Field("https://api.solapi.com", description="Solapi: where texts are sent")
    solapi_report_path: SecretStr | None = Field(
        None, description="Solapi: the secret end of the address that reports come to; unset: results are only asked for"
    )
    smpp_url: str = Field("", description="the carrier's SMPP centre, smpp://system-id@host:port, or smpps:// with TLS")
    smpp_password: SecretStr | None = Field(None, description="SMPP: our password there; never logged")

    opendata_url: str = Field(
        "", description="the ministry's open-data API, https://apis.data.go.kr/1262000 in production; empty: nothing is ever fetched from there"
    )
    opendata_key: SecretStr | None = Field(None, description="the service key that data.go.kr gave out, as it stands there; never logged")
    opendata_every_minutes: int = Field(0, ge=0, le=10080, description="the worker synchronises country facts this often; 0: only `gildongmu kb sync` does")
    opendata_legacy_tls: bool = Field(False, description="allow the old TLS that the ministry's server may ask for, towards it alone")

    @model_validator(mode="after")
    def _nothing_goes_out(self) -> Self:
        """In a sandbox every setting that is not named harmless has its default: no channel, gateway or service can be set up."""
        if self.sandbox:
            for name, field in type(self).model_fields.items():
                if name not in KEPT:
                    setattr(self, name, field.get_default(call_default_factory=True, validated_data={}))
        return self

    def resolved_key_file(self) -> Path:
        """The key file in use."""
        return self.key_file or self.data_dir / "keys.json"

    def dsn(self) -> str:
        """The connection string; raises ``ValueError`` when no database has been set or started."""
        if self.database_url is None:
            raise ValueError("DATABASE_URL is not set")
        return self.database_url.get_secret_value()


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
