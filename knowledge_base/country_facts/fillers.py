"""What may stand beside "may one go there, is it safe" without making it another question, in languages other than Korean. Pure."""

from __future__ import annotations

import re

_LETTERS = re.compile(r"[^\W\d_]+")
_BY_LANGUAGE = {
    "en": (
        "a all am an and any anyone are area areas around as at be been but by can city could country currently danger dangerous days do does enough "
        "family for friend friends from go going good guys hello hey hi holiday holidays honeymoon how i idea if in is it its just kids know level "
        "like long may me moment month months more much my near nearby no now of ok okay on one or our out part parts people place places please "
        "question region regions right s safe safely safer safety secure security should situation so some solo soon state still tell than that the "
        "their then there these they think this time to today tomorrow tour tourism tourist tourists travel traveler travelers traveling traveller "
        "travellers travelling trip us vacation very visit visiting visitor visitors want was we week weekend weeks were what when where whether "
        "which wife husband will with would year you alone yet "
        "d day female girls ll m male men re tonight trips ve woman women"
    ),
    "fr": (
        "actuellement aller amis au aujourd aux avec bonjour c ce cette d dans danger dangereuse dangereux de demain des dois du en encore est et "
        "famille faut hui il l la le les ma maintenant mes mois moment mon nous on ou partir pays peut peuvent pour puis prochain prochaine qu que "
        "quel quelle quelles quels région régions se semaine seul seule situation sont sur sûr sûre sûrs sécurité touriste touristes tourisme très un "
        "une voyage voyager voyages vous zone zones y à ça où"
    ),
    "es": (
        "actualmente ahora al amigos año ciudad con cuál cómo cuando de del e el ella es esta estas este esto está están familia hay hola hoy ir la "
        "las los lugar lugares mañana mes mi mis momento muy más ninguna o para país peligrosa peligroso peligro podemos por próxima próximo puede "
        "pueden puedo que qué región regiones semana segura seguro seguros seguridad ser sería si situación sola solo son todavía turismo turista "
        "turistas una unas uno unos viaje viajero viajeros viajar viajes visitar yo zonas"
    ),
    "ru": (
        "безопасна безопасно безопасность безопасны в во год году город городе да для друзьями ещё еще и из или как какая какой ли лететь мне можно "
        "мы на нам нас насколько находиться неделе нет ну одной одному опасна опасно опасны отдых отдыхать отпуск очень по поездка поездки поездку "
        "поехать путешествие путешествовать регион регионы с сейчас сегодня семьей семьёй ситуация следующей следующем со страна стране страну "
        "съездить там туда туризм туризма турист туристам туристов у уже это этом месяце завтра ехать я"
    ),
    "vi": (  # by syllable
        "an bây bè bạn chuyến chào cho chúng chỗ có cùng du gia giờ hiểm hay hiện hình hôm hỏi không khu khách lúc là lịch liệu lắm mai mình một nay "
        "nào này ngay ngày nên nguy người ninh nơi năm nhiều ở ra rất sang sau sao sắp tại tế tháng thành thì thế tình toàn tôi tới tuần vùng và vào "
        "vẫn vậy với về xin xứ ạ đang để đi điểm đình đó đến được đất còn cần phải phố qua"
    ),
}
_WORDS = frozenset(" ".join(_BY_LANGUAGE.values()).split())
_PIECES = re.compile(
    # Japanese
    r"一个人|旅行|観光|出張|渡航|海外|訪問|治安|情勢|状況|地域|場所|家族|友達|友人|一人|ひとり|子供|現在|最近|今日|明日|来週|来月|今週|今月|来年|今年|安全|危険|大丈夫|教えて|ください|下さい|"
    r"知りたい|行っ|行く|行き|行け|行こう|思っ|危な|国|今|何|人|いま|いい|よい|良い|どう|どの|どこ|くらい|ぐらい|まだ|とても|本当に|ある|あり|あっ|いる|です|でしょう|ます|ません|"
    r"なら|から|まで|けど|ても|でも|って|した|して|しま|する|こと|ため|ところ|ほう|の|は|が|を|に|へ|で|と|も|か|よ|ね|な|い|ん|"
    # Chinese; what it shares with Japanese stands above
    r"旅游|出差|游玩|目前|今天|明天|后天|下个月|下周|这个月|这周|明年|危险|情况|局势|怎么样|怎样|如何|是不是|能不能|可不可以|可以|我们|独自|自己|家人|家里|朋友|孩子|一起|请问|请|"
    r"告诉|知道|哪里|哪些|哪个|什么|地区|地方|国家|没有|现在|还是|会不会|适合|吗|呢|吧|啊|呀|嗎|现|的|是|还|很|不|去|到|在|我|你|您|那|这|里|边|能|想|要|玩|和|跟|个|有|多|会|了|对|来说"
)


def letters_beside(text: str) -> int:
    """Letters of words that say something of their own."""
    return sum(len(word) for word in _LETTERS.findall(_PIECES.sub(" ", text.casefold())) if word not in _WORDS)
