"""Words that make a passage worth a closer look; used to choose windows, never to decide."""

from __future__ import annotations

import re

_CUES = re.compile(
    r"살려|도와|도움|구해|위험|갇|감금|납치|붙잡|못\s?나가|잠겨|잠가|뺏|빼앗|때려|때리|맞았|맞고|폭행|칼|총|피가|피를|쓰러|의식|숨을|숨이|죽|자살|"
    r"불이|연기|가스|폭발|지진|쓰나미|사고|다쳤|아파|병원|체포|구금|경찰|연락이|사라졌|"
    r"없어졌|실종|협박|성폭|만졌|강간|따라|쫓|무서|어떡|어떻게 해|"
    r"help|sos|danger|hurt|kill|locked|trapped|kidnap|attack|hit me|police|hospital|bleed|gun|knife|fire|救|助け|危|cứu|giúp|nguy",
    re.IGNORECASE,
)


def has_cue(text: str) -> bool:
    """Whether any cue is in the text."""
    return _CUES.search(text) is not None
