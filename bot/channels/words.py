"""The few words that channels add to a body, in the language of the conversation. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge_base.phrases import spoken_language


@dataclass(frozen=True)
class Words:
    """Titles of buttons and the small words around them."""

    danger: str
    here: str
    locate: str
    call: str
    source: str
    open_source: str
    in_force: str
    past: str
    more: str
    by_number: str
    again: str
    tap: str
    say_where: str


WORDS = {
    "ko": Words(
        "지금 위험해요", "현재 위치 보내기", "위치 보내기", "전화", "출처", "원문 보기", "시행", "지난 안내", "그 밖의 선택",
        "번호를 적어 답해 주세요.", "(다시 보냄)", "아래 단추를 누르세요.", "계신 곳을 글로 적어 주세요.",
    ),
    "en": Words(
        "I am in danger", "Send my location", "Send location", "Call", "Source", "Read it", "in force", "past notice", "Other choices",
        "Please answer with a number.", "(sent again)", "Tap a button below.", "Please write where you are.",
    ),
    "ja": Words(
        "今、危険です", "現在地を送る", "位置を送る", "電話", "出典", "原文を見る", "施行", "過去の案内", "その他の選択",
        "番号でお答えください。", "(再送)", "下のボタンを押してください。", "今いる場所を文字でお書きください。",
    ),
    "zh": Words(
        "我现在有危险", "发送当前位置", "发送位置", "电话", "来源", "查看原文", "施行", "过往通知", "其他选项",
        "请用数字回答。", "(重新发送)", "请点按下面的按钮。", "请用文字写下您所在的地点。",
    ),
    "vi": Words(
        "Tôi đang gặp nguy", "Gửi vị trí của tôi", "Gửi vị trí", "Gọi", "Nguồn", "Xem bản gốc", "hiệu lực", "thông báo cũ", "Lựa chọn khác",
        "Vui lòng trả lời bằng số.", "(gửi lại)", "Hãy nhấn nút bên dưới.", "Hãy viết nơi bạn đang ở.",
    ),
    "fr": Words(
        "Je suis en danger", "Envoyer ma position", "Envoyer le lieu", "Appeler", "Source", "Lire la source", "en vigueur", "ancien avis", "Autres choix",
        "Répondez par un numéro.", "(renvoyé)", "Touchez un bouton ci-dessous.", "Écrivez où vous êtes.",
    ),
    "es": Words(
        "Estoy en peligro", "Enviar mi ubicación", "Enviar el lugar", "Llamar", "Fuente", "Ver la fuente", "vigente", "aviso pasado", "Otras opciones",
        "Responda con un número.", "(reenviado)", "Pulse un botón abajo.", "Escriba dónde está.",
    ),
    "ru": Words(
        "Я в опасности", "Отправить место", "Отправить место", "Звонок", "Источник", "Читать источник", "действует", "прошлое", "Другие варианты",
        "Ответьте номером.", "(повторно)", "Нажмите кнопку ниже.", "Напишите, где вы находитесь.",
    ),
}  # fmt: skip


def words(language: str) -> Words:
    """The words of a language that we have sentences in, else of English."""
    return WORDS[spoken_language(language)]


_DANGER_WORDS = frozenset(" ".join(one.danger.split()).casefold() for one in WORDS.values())


def means_danger(text: str) -> bool:
    """Whether somebody has written what stands on the danger button, and no more: not every messenger has buttons, and some lose what stands behind one."""
    return " ".join(text.split()).casefold().rstrip(" .!~。！") in _DANGER_WORDS
