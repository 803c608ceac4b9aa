"""Which settings a training sandbox may have. Every other one has its default there, whatever the environment says.

A list of what may stay, and not of what must go: a channel or a gateway that is added later is dead in the sandbox until somebody names it here.
The defaults connect nothing (a test holds them to that), so nothing that goes out can be set up.
"""

from __future__ import annotations

KEPT = frozenset(
    {
        "sandbox",
        # where it runs
        "data_dir",
        "database_url",
        "host",
        "port",
        "tls_cert",
        "tls_key",
        "trusted_proxies",
        # how it works
        "analyser_threads",
        "triage_slots",
        "turn_slots",
        "dialogue",
        "dialogue_timeout_ms",
        "ask_timeout_s",
        "vanish_after_s",
        "staff_session_hours",
        # what is practised, and what is read on the screen
        "hotline",
        "guidance_dir",
        "offer_timeout_s",
        "drill_times",
    }
)
