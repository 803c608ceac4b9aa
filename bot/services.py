"""What a process holds while it runs: one record, built at the edge and passed on, so that nothing is looked up globally."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from bot.dialogue.client import DialogueClient
from bot.dialogue.intents import DialogueIntents
from bot.pace import Pace
from bot.strain import Strain
from core.clock import now
from core.crypto import Cipher
from core.db import Database
from core.events import EventHub
from core.settings import Settings
from knowledge_base.crisis_cards import CrisisCards
from knowledge_base.notices import today_in_seoul
from knowledge_base.schemas import CrisisCard
from knowledge_base.service import KnowledgeBase
from language.analysis import Analyser, Analysis
from language.intents import IntentModel
from language.triage import Triage

#: Analyses wait here between triage and turn; after a restart they are made again.
REMEMBERED = 2000


class Understanding:
    """The analyser behind one thread, so that the event loop never waits for Kiwi or the encoder, and each message is analysed once."""

    def __init__(self, analyser: Analyser, triage: Triage, intents: IntentModel) -> None:
        self.analyser = analyser
        self.triage = triage
        self.intents = intents
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="analyser")
        self._known: OrderedDict[int, Analysis] = OrderedDict()
        self._queries: dict[str, Analysis] = {}

    @classmethod
    def load(cls) -> Understanding:
        """Load Kiwi, spaCy, the encoder and the triage arrays (seconds)."""
        return cls(Analyser.load(), Triage.load(), IntentModel.load())

    async def analyse(self, texts: Sequence[str]) -> list[Analysis]:
        """Analyse a batch in the analyser's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.analyser.analyse, list(texts))

    async def of_message(self, message_id: int, text: str) -> Analysis:
        """The analysis of a message, from memory if this process has made it."""
        known = self._known.pop(message_id, None)
        return known if known is not None else (await self.analyse([text]))[0]

    async def of_query(self, query: str) -> Analysis:
        """The analysis of a question of our own; they are few, and kept."""
        known = self._queries.get(query)
        if known is None:
            known = self._queries[query] = (await self.analyse([query]))[0]
        return known

    def remember(self, message_id: int, analysis: Analysis) -> None:
        """Keep an analysis for the turn that follows."""
        self._known[message_id] = analysis
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)


@dataclass
class Services:
    """The parts of a running process; those that take seconds to load are None until they are there."""

    settings: Settings
    db: Database
    cipher: Cipher
    hub: EventHub
    cards: CrisisCards
    understanding: Understanding | None = None
    knowledge: KnowledgeBase | None = None
    dialogue: DialogueClient | None = None
    dialogue_intents: DialogueIntents | None = None
    loaded: asyncio.Event = field(default_factory=asyncio.Event)
    #: How late a web process is with taking in what people say, and how fast a worker therefore does what can wait.
    strain: Strain = field(default_factory=Strain)
    pace: Pace = field(default_factory=Pace)

    def crisis_card(self, category: str, country: str | None, language: str) -> CrisisCard:
        """The approved card for a danger; there from the first moment, with checked local numbers once the knowledge base is loaded."""
        if self.knowledge is not None:
            return self.knowledge.crisis_card(category, country, language)
        return self.cards.card(category, country, language, today=today_in_seoul(now()))
