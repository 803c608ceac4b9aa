"""KakaoTalk: the chatbot's skill server, the consult talk of a dealer, and the Event API; one conversation whichever way it comes."""
