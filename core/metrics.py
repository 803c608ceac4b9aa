"""Prometheus metrics, named after the contact-centre's terms; labels are closed lists, never ids or text."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

INBOUND = Counter("gildongmu_inbound_messages", "Messages accepted", ["channel", "kind"])
STORED_LATE = Gauge("gildongmu_stored_late_seconds", "How long words waited until they were stored while the web process was late, 0 while it is not")
TRIAGED = Counter("gildongmu_triaged_messages", "Messages triaged", ["urgency", "action"])
TRIAGE_SECONDS = Histogram("gildongmu_triage_batch_seconds", "Analysis of one batch", buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2))
TURNS = Counter("gildongmu_turns", "Turns by outcome", ["outcome"])
LATE_ANSWERS = Counter("gildongmu_late_bot_answers", "Bot answers dropped because a person owned the conversation")
ANSWERED_AT_ONCE = Counter("gildongmu_turns_answered_at_once", "Turns answered without asking the dialogue", ["outcome"])
SHED = Counter("gildongmu_routine_shed", "Routine wishes for a person that were met with the expected wait while surge mode stood")
DIALOGUE_UP = Gauge("gildongmu_dialogue_up", "1 while Rasa answers")
VIOLATIONS = Gauge("gildongmu_invariant_violations", "Open emergencies without an owner or a running timer, and stuck inbounds")
MISSED_DANGER = Gauge("gildongmu_missed_danger_rate", "Share of danger that triage let pass, by the last complete blind sample; NaN before there is one")
MISSED_DANGER.set(float("nan"))
REVIEWS_PENDING = Gauge("gildongmu_reviews_pending", "Messages whose proposed label waits for a second person")
UNCLAIMED_ALARMS = Counter("gildongmu_unclaimed_emergency_alarms", "Rings of every desk after the first for an emergency that nobody has taken")
UNATTENDED = Counter("gildongmu_unattended_emergency_alarms", "Times that an emergency in somebody's hands waited too long for a person's words")
DRILLS = Counter("gildongmu_drills", "Drills by how they ended", ["channel", "outcome"])
DRILL_ALARMS = Counter("gildongmu_drill_alarms", "Drills that nobody took in time, or that did not reach the queue")
LADDER = Counter("gildongmu_escalation_rungs", "Rungs that life threats nobody had taken reached", ["rung", "result"])
DELIVERIES = Counter("gildongmu_deliveries", "Lines sent to messengers, by what became of them", ["channel", "result"])
UNDELIVERED = Counter("gildongmu_undelivered", "Lines for messengers that were given up", ["channel", "reason"])
OUTBOX_WAITING = Gauge("gildongmu_outbox_waiting", "Lines that wait to be sent to a messenger", ["channel"])
WEBHOOKS_REFUSED = Counter("gildongmu_webhooks_refused", "Requests of platforms that were refused", ["channel", "reason"])
CHANNEL_STUCK = Gauge("gildongmu_channel_stuck", "1 while a channel does not deliver", ["channel"])
CHANNEL_QUOTA_REACHED = Counter("gildongmu_channel_quota_reached", "Sends that a platform refused because the month's quota is used up", ["channel"])
RETENTION_AGE = Gauge("gildongmu_retention_age_seconds", "Since the erasing of what is over last went through whole")
RETENTION_ROWS = Counter("gildongmu_retention_rows", "Rows that the erasing of what is over has erased", ["data_class"])
FILES = Counter("gildongmu_files", "Pictures and files, by what became of them", ["result"])
