"""The few sentences the knowledge base says in its own words, in the languages citizens write in."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

LANGUAGES = ("ko", "en", "ja", "zh", "vi", "fr", "es", "ru")

PERSON = {
    "ko": "상담관 연결",
    "en": "Talk to a person",
    "ja": "相談員につなぐ",
    "zh": "转接人工咨询",
    "vi": "Gặp nhân viên tư vấn",
    "fr": "Parler à une personne",
    "es": "Hablar con una persona",
    "ru": "Поговорить с человеком",
}

#: Stands before Korean sentences that answer a question in another language. The call centre interprets English, Chinese, Japanese, French, Spanish,
#: Russian and Vietnamese.
LEAD = {
    "en": "The official notice below is in Korean. An interpreter can help you by phone: +82-2-3210-0404 (24 hours, 7 languages).",
    "ja": "以下の公式案内は韓国語です。お電話で通訳がお手伝いします：+82-2-3210-0404（24時間、7言語）。",
    "zh": "以下官方通知为韩语。可以致电由翻译协助您：+82-2-3210-0404（24小时，7种语言）。",
    "vi": "Thông báo chính thức bằng tiếng Hàn ở bên dưới. Phiên dịch viên có thể giúp bạn qua điện thoại: +82-2-3210-0404 (24 giờ, 7 ngôn ngữ).",
    "fr": "L'avis officiel ci-dessous est en coréen. Un interprète peut vous aider par téléphone : +82-2-3210-0404 (24 h/24, 7 langues).",
    "es": "El aviso oficial que sigue está en coreano. Un intérprete puede ayudarle por teléfono: +82-2-3210-0404 (24 horas, 7 idiomas).",
    "ru": "Официальное сообщение ниже — на корейском языке. Вам может помочь переводчик по телефону: +82-2-3210-0404 (круглосуточно, 7 языков).",
}

ABSTAIN = {
    "ko": "지금 유효한 공지에서 답을 찾지 못했습니다. 상담관에게 연결해 드릴까요?",
    "en": "I could not find this in the notices now in force. Shall I connect you to a person?",
    "ja": "現在有効な案内の中に答えが見つかりませんでした。相談員におつなぎしましょうか。",
    "zh": "在现行有效的通知中没有找到答案。需要为您转接人工咨询吗？",
    "vi": "Tôi không tìm thấy câu trả lời trong các thông báo đang có hiệu lực. Bạn có muốn gặp nhân viên tư vấn không?",
    "fr": "Je n'ai pas trouvé de réponse dans les avis en vigueur. Voulez-vous parler à une personne ?",
    "es": "No he encontrado la respuesta en los avisos vigentes. ¿Quiere hablar con una persona?",
    "ru": "В действующих сообщениях ответа нет. Соединить вас с сотрудником?",
}

#: Said when notices are near, but none for certain; their titles stand under it as questions.
NEAR = {
    "ko": "꼭 맞는 답을 찾지 못했습니다. 아래에 찾으시는 안내가 있으면 눌러 주세요. 없으면 상담관에게 연결해 드릴까요?",
    "en": "I am not sure which notice answers this. Is it one of these? If not, shall I connect you to a person?",
    "ja": "ぴったりの答えが見つかりませんでした。下にお探しの案内があれば押してください。なければ相談員におつなぎしましょうか。",
    "zh": "没有找到完全符合的答案。如果下面有您要找的通知，请点击；如果没有，需要为您转接人工咨询吗？",
    "vi": "Tôi chưa chắc thông báo nào trả lời câu hỏi này. Có phải một trong các mục dưới đây không? Nếu không, bạn có muốn gặp nhân viên tư vấn không?",
    "fr": "Je ne suis pas sûr de l'avis qui répond à cette question. Est-ce l'un de ceux-ci ? Sinon, voulez-vous parler à une personne ?",
    "es": "No estoy seguro de qué aviso responde a esto. ¿Es alguno de estos? Si no, ¿quiere hablar con una persona?",
    "ru": "Не уверен, какое сообщение отвечает на этот вопрос. Это одно из этих? Если нет, соединить вас с сотрудником?",
}

UNKNOWN_ALARM = {
    "ko": "그 나라의 여행경보는 현재 확인할 수 없습니다. 영사안전콜센터 +82-2-3210-0404 로 확인하실 수 있습니다. 상담관에게 연결해 드릴까요?",
    "en": "The travel alarm of that country cannot be confirmed at present. Call +82-2-3210-0404 to check, or shall I connect you to a person?",
    "ja": "その国の渡航警報は現在確認できません。+82-2-3210-0404 でご確認いただくか、相談員におつなぎしましょうか。",
    "zh": "目前无法确认该国的旅行警报级别。请拨打 +82-2-3210-0404 确认，或者需要为您转接人工咨询吗？",
    "vi": "Hiện chưa thể xác nhận mức cảnh báo du lịch của nước đó. Hãy gọi +82-2-3210-0404 để kiểm tra, hoặc bạn có muốn gặp nhân viên tư vấn không?",
    "fr": "Le niveau d'alerte de ce pays ne peut pas être confirmé actuellement. Appelez le +82-2-3210-0404, ou voulez-vous parler à une personne ?",
    "es": "En este momento no se puede confirmar la alerta de viaje de ese país. Llame al +82-2-3210-0404 para comprobarlo, ¿o quiere hablar con una persona?",
    "ru": "Сейчас нельзя подтвердить уровень предупреждения для этой страны. Позвоните по номеру +82-2-3210-0404 или скажите, соединить ли вас с сотрудником.",
}

NO_PAST = {
    "ko": "그때의 공지를 찾지 못했습니다. 상담관에게 연결해 드릴까요?",
    "en": "I could not find a notice from that time. Shall I connect you to a person?",
    "ja": "その当時の案内が見つかりませんでした。相談員におつなぎしましょうか。",
    "zh": "没有找到当时的通知。需要为您转接人工咨询吗？",
    "vi": "Tôi không tìm thấy thông báo của thời điểm đó. Bạn có muốn gặp nhân viên tư vấn không?",
    "fr": "Je n'ai pas trouvé d'avis de cette époque. Voulez-vous parler à une personne ?",
    "es": "No he encontrado ningún aviso de esa época. ¿Quiere hablar con una persona?",
    "ru": "Сообщение того времени не найдено. Соединить вас с сотрудником?",
}

WHICH_COUNTRY = {
    "ko": "나라마다 다릅니다. 어느 나라에 대해 알려 드릴까요?",
    "en": "This differs from country to country. Which country do you mean?",
    "ja": "国によって異なります。どの国についてお調べしましょうか。",
    "zh": "各国情况不同。请问您想了解哪个国家？",
    "vi": "Mỗi nước một khác. Bạn muốn hỏi về nước nào?",
    "fr": "Cela dépend du pays. De quel pays s'agit-il ?",
    "es": "Depende del país. ¿De qué país se trata?",
    "ru": "В разных странах по-разному. О какой стране вы спрашиваете?",
}

_PAST = {
    "ko": "지난 공지입니다({days}). 지금은 다를 수 있습니다.",
    "en": "This is a past notice ({days}); it may no longer apply.",
    "ja": "過去の案内です（{days}）。現在は異なる場合があります。",
    "zh": "这是过去的通知（{days}），现在可能已经不同。",
    "vi": "Đây là thông báo cũ ({days}); hiện nay có thể đã khác.",
    "fr": "Ceci est un ancien avis ({days}) ; il peut ne plus être valable.",
    "es": "Este es un aviso antiguo ({days}); puede que ya no sea válido.",
    "ru": "Это старое сообщение ({days}); сейчас может быть иначе.",
}


def spoken_language(language: str) -> str:
    """The language to answer in: the citizen's where we have sentences for it, English for the rest."""
    return language if language in LANGUAGES else "en"


def korean_date(day: date) -> str:
    """A date as Koreans write it: 2026년 3월 1일."""
    return f"{day.year}년 {day.month}월 {day.day}일"


def past_lead(start: date, end: date | None, language: str) -> str:
    """Says that what follows is past, and when it held; ``end`` is the first day on which it no longer did."""
    last = date.fromordinal(end.toordinal() - 1) if end else None
    if language == "ko":
        days = f"{korean_date(start)}부터" + (f" {korean_date(last)}까지" if last else "")
    else:
        days = f"{start.isoformat()} – {last.isoformat() if last else ''}".strip(" –")
    return _PAST[language].format(days=days)


#: Whose notice it is, in front of the title: "[주중국대사관] 영사 수수료표". It stays, in words: two missions have notices of one name.
_WHOSE = re.compile(r"^\s*[\[【]([^\[\]【】]+)[\]】]\s*(?=\S)")
_BRACKETS = re.compile(r"\s*[(（\[【][^()（）\[\]【】]*[)）\]】]\s*")
_TAILS = (
    (re.compile(r"(?:하는|받는|쓰는|찾는)? ?방법$"), "{stem} 방법이 뭐예요?"),
    (re.compile(r"(?:에|의)? ?안내$"), "{stem} 알려 주세요"),
    (re.compile(r"(?:할|갈|볼|낼|쓸|당했을|잃어버렸을|했을|땄을|어겼을|없을|사망했을|분실했을|때)? ?때$"), "{title} 어떻게 하나요?"),
    (re.compile(r" ?경우$"), "{title} 어떻게 하나요?"),
    (re.compile(r" ?곳$"), "{title}은 어디예요?"),
    (re.compile(r"(?:의)? ?뜻$"), "{title}이 뭐예요?"),
    (re.compile(r"나$"), "{title}요?"),
)


# "… 상담 받기"; not the many nouns that end alike (사기, 시기, 이야기, 비행기).
_DOING = re.compile(r"(받|찾|하|보|지키|보내|날리|오|가|만들|떼|바꾸|적|고르|빌리|올리|찍|즐기)기$")


@lru_cache(maxsize=4096)
def title_as_question(title: str) -> str:
    """A notice's title as something a citizen would ask; short enough for a button."""
    title = _WHOSE.sub(r"\1 ", title)
    # "여행유의(남색경보)의 뜻": a particle stays with its noun.
    bare = _BRACKETS.sub(lambda m: "" if re.match("[가-힣]", title[m.end() :]) and not m.group().endswith(" ") else " ", title).strip() or title
    bare = bare.replace(": ", " ")
    for pattern, form in _TAILS:
        match = pattern.search(bare)
        if match:
            if "{stem}" in form and "방법" in form:
                return f"{bare}이 뭐예요?"
            return form.format(title=bare, stem=bare[: match.start()].strip() or bare)
    if doing := _DOING.search(bare):
        return f"{bare[: doing.start()]}{doing[1].replace('만들', '만드')}는 방법 알려 주세요"
    return f"{bare} 알려 주세요"
