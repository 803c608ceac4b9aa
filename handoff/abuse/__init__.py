"""Abusive words to agents: marks that are counted, ending or handing on at the third, and the rest that an agent must take afterwards.

Nothing here touches an open emergency: it is neither ended nor left for a rest.
"""
