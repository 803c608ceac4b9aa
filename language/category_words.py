"""Plain words that name a kind of trouble. The corpus is mostly implicit; when somebody does say "지진", nothing else is needed."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from language.categories import Category

_WORDS: Mapping[Category, str] = {
    Category.CONFINEMENT: r"감금|납치|인질|갇혀|갇혔|못\s?나가게|kidnap|hostage|held against|locked (?:me|us)|绑架|"
        r"监禁|監禁|誘拐|bắt cóc|giam",
    Category.ROBBERY_THEFT: r"강도|도둑|소매치기|훔쳐|털렸|날치기|robb|stolen|stole|pickpocket|抢劫|偷|強盗|盗まれ|cướp|trộm|móc túi",
    Category.ASSAULT: r"폭행|두들겨|맞았|맞고\s?있|때렸|주먹|칼을\s?들|칼에|흉기|협박|assault|beat(?:en|ing)|stabb|殴|打我|đánh",
    Category.SEXUAL_VIOLENCE: r"성폭|성추행|강간|몸을\s?만|더듬|몰카|불법\s?촬영|rape|sexual|grop|性侵|强奸|痴漢|レイプ|hiếp|quấy rối",
    Category.DOMESTIC_VIOLENCE: r"(?:남편|아내|시아버지|시어머니|시댁|남자친구|여자친구|아빠|엄마|"
        r"아버지)[^.]{0,12}(?:때|폭행|패|맞|칼|목을)|가정\s?폭력|husband (?:hit|beat)|夫に殴|chồng.{0,10}đánh",
    Category.STALKING: r"스토킹|스토커|미행|따라와|따라오|쫓아와|쫓아오|지켜보고|stalk|follow(?:ing|ed) me|跟踪|つけられ|theo dõi",
    Category.TERROR_SHOOTING: r"총소리|총성|총격|총을\s?쏘|총기|폭탄|테러|폭발음|shooting|gunshot|bomb|explosion|枪|"
        r"銃|爆発|爆炸|nổ súng|bom",
    Category.NATURAL_DISASTER: r"잔해|무너[져진졌]|붕괴|매몰|rubble|がれき|瓦礫|废墟|đổ nát|"
        r"지진|쓰나미|해일|태풍|허리케인|홍수|산사태|화산|earthquake|tsunami|typhoon|hurricane|"
        r"flood|地震|津波|台风|台風|động đất|lũ",
    Category.WAR_UNREST: r"전쟁|폭격|미사일|쿠데타|계엄|시위대|폭동|내전|공습|missile|air ?strike|coup|riot|战争|戦争|"
        r"暴動|chiến tranh|bạo loạn",
    Category.TRAFFIC_ACCIDENT: r"교통\s?사고|차에\s?치|오토바이.{0,8}(?:사고|넘어|부딪)|충돌|뺑소니|car accident|"
        r"crash(?:ed)?|hit by a|车祸|事故に|tai nạn",
    Category.ILLNESS_INJURY: r"쓰러졌|의식이|숨을\s?못|호흡|발작|골절|출혈|피가\s?(?:안|계속|많)|식중독|고열|맹장|"
        r"응급실|심장|unconscious|bleeding|seizure|heart attack|昏倒|意識|意识|bất tỉnh",
    Category.SELF_HARM: r"자살|죽고\s?싶|자해|목숨을\s?끊|살기\s?싫|유서|suicid|kill myself|自杀|自殺|死にたい|tự tử",
    Category.DEATH: r"사망|돌아가셨|숨졌|시신|유골|운구|장례|passed away|is dead|died|遗体|亡くな|去世|qua đời|thi thể",
    Category.MISSING: r"실종|행방불명|연락이\s?(?:안|두절|끊)|사라졌|missing|失踪|行方不明|mất tích",
    Category.ARREST_DETENTION: r"체포|구금|구치소|유치장|연행|수갑|경찰서에\s?(?:잡|끌)|입국\s?거부|추방|arrest|"
        r"detain|in custody|jail|逮捕|拘留|被抓|bắt giữ|tạm giam",
    Category.OUTDOOR_WATER: r"조난|산에서|계곡|파도|물에\s?빠|익사|바다에|스노클|다이빙|등산|트레킹|눈사태|사막|drown|"
        r"hik(?:ing|er)|avalanche|溺|遭難|迷路山|đuối nước",
    Category.FIRE_GAS: r"화재|불이\s?(?:났|나|붙|번)|불났|연기|가스\s?(?:냄새|누출|중독)|일산화탄소|\bfire\b|smoke|"
        r"gas leak|火事|着火|火灾|cháy|khói",
    Category.FRAUD_IN_PROGRESS: r"보이스\s?피싱|사기|송금하라|입금하라|계좌\s?이체|코인\s?투자|로맨스\s?스캠|scam|fraud|诈骗|詐欺|lừa đảo",
    Category.STRANDED: r"노숙|돈이\s?(?:하나도|한푼도|없|다\s?떨어)|오도\s?가도|발이\s?묶|무일푼|stranded|no money|"
        r"身无分文|立ち往生|mắc kẹt",
    Category.CHILD_ALONE: r"(?:아이|애|아들|딸|조카|미성년|초등학생).{0,10}혼자|엄마가\s?안|아빠가\s?안|엄마\s?잃|"
        r"미아|child alone|lost my (?:mom|dad)|迷子|走丢",
    Category.DRUGGED: r"약을\s?(?:탄|탔|먹인)|음료.{0,12}(?:정신|기억)|마약을?\s?(?:먹|강제)|물뽕|drugged|spiked|下药|睡眠薬|bị bỏ thuốc",
    Category.LABOUR_ABUSE: r"임금\s?체불|월급을?\s?(?:안|못)|강제\s?노동|사장이.{0,12}(?:여권|때|욕)|unpaid wage|"
        r"forced labou?r|欠薪|給料.{0,6}未払|quỵt lương",
    Category.SHIP_AIRCRAFT: r"선박|배가\s?(?:침몰|기울|가라)|침몰|여객선|크루즈|조업|선원|선장|비행기.{0,8}(?:추락|"
        r"비상|불시착)|기내에서|비상\s?착륙|ship|vessel|capsiz|plane crash|沉船|沈没|墜落|chìm tàu",
}  # fmt: skip
_PATTERNS = [(list(Category).index(category), re.compile(words, re.IGNORECASE)) for category, words in _WORDS.items()]
# Who is shut in by a thing is not in anybody's hands: such a conversation would be kept from what helps (a local number, a message on the telephone).
# But who is taken for that and is held by somebody is betrayed: the thing must be what shuts in, and nothing may speak of a person's will.
_SHUT_IN_BY = re.compile(
    r"(?:잔해|돌무더기|흙더미|승강기|엘리베이터|엘베|동굴|눈사태|산사태|폭설|침수|홍수|불길|연기|화재)(?:\s?(?:속|안|밑|아래|더미|때문))*(?:에서?|로|으로)?\s?"
    r"(?:지금\s?|혼자\s?|그대로\s?)*(?:갇|깔|묻|고립)|"
    r"(?:차|벽|지붕|천장|콘크리트|나무|바위|건물)\s?(?:더미|밑|아래)?에?\s?깔|(?:무너[져진졌]|붕괴)[^.!?\n]{0,20}(?:갇|깔|묻)|매몰|파묻|물(?:에\s?잠|이\s?차)[^.!?\n]{0,12}갇|"
    r"(?:trapped|stuck|buried|pinned)\W+(?:\w+\W+){0,3}(?:rubble|debris|collapsed|elevator|lift|cave|avalanche|landslide)\b|collapsed?\b.{0,40}(?:trapped|buried)|"
    r"(?:がれき|瓦礫|エレベーター)[にでの下中]{0,4}(?:閉じ込め|埋|挟)|(?:废墟|电梯)[里中下内]?.{0,4}[困埋压]|[困埋压]在.{0,4}(?:废墟|电梯)|"
    r"kẹt.{0,12}(?:thang máy|đổ nát)",
    re.IGNORECASE,
)
_PEOPLE = re.compile(
    r"감금|납치|인질|못\s?나가|가둬|가두|가뒀|가둔|잠갔|잠가|잠그|잠궜|잠궈|잠근|잠겼|잠겨|밖에서|열어\s?[주줘]|내보내|안\s?보내|보내\s?[주줘줄]|끌려|끌고|뺏|빼앗|묶|"
    r"놈|새끼|남자|여자|남성|여성|사람|사장|업주|업체|주인|관리자|팀장|남편|아내|남친|여친|애인|(?:아빠|아버지|엄마|어머니|오빠|형|언니|누나|삼촌|가족|시댁|친척)[이가은는]|"
    r"경찰|군인|군대|반군|조직|일당|무리|브로커|포주|손님|경비|보초|범인|강도|그들|누가|누군가|감시|지키|지켜|협박|위협|총|칼|흉기|때리|때려|때렸|맞았|맞고|폭행|죽인|죽이|죽여|죽일|"
    r"몰래|들키|들켰|들킬|비밀|조용히|도망|탈출|속여|속이|속았|거짓말|시켜|시키|시킨|여권|앱|카드로|콜센터|공장|업소|숙소|일하|일을|취업|빚|신고하면|말하면|막아|막고|막았|"
    r"kidnap|abduct|hostage|\bh[eo]ld|keep|kept|lock|\blet\b|guard|\bgun|knife|weapon|threat|beat|\bhit|kill|passport|\btook|forc|hid(?:e|ing)|secret|escap|"
    r"run away|\bsold|"
    r"\b(?:man|men|wom[ae]n|he|she|him|her|they|them|boss|manager|owner|husband|wife|father|brother|someone|somebody|people|police|soldiers?|work\w*)\b|"
    r"男|女|人|彼|夫|社長|店長|警|兵|監禁|誘拐|見張|殴|脅|殺|逃|パスポート|鍵|銃|ナイフ|秘密|[ばバ][れレ]|くれな|"
    r"他|她|老板|绑|监禁|关[着在押]|锁|看守|不让|打我|杀|枪|刀|护照|跑|军|骗|卖|威胁|偷偷|"
    r"bắt|giam|nhốt|họ|hắn|ông|bà|chủ|người|chồng|khóa|canh|đánh|giết|súng|dao|hộ chiếu|trốn|không cho|\bđe|lừa|\bbán",
    re.IGNORECASE,
)
# What only a person does to somebody, in a disaster too: the flood does not beat who runs away. There the disaster's loud card would betray.
_HELD_BY_PEOPLE = re.compile(
    r"감금|납치|인질|가둬|가두|가뒀|가둔|억류|(?:붙)?잡혀\s?[있와왔]|끌고\s?[가와]|(?<![에로])(?<![에로] )끌려\s?[가와왔갔]|"
    r"(?:갇[혀혔힌]|못\s?나가|안\s?(?:내)?보내|문을?\s?(?:안\s?열|못\s?열게|잠)|밖에서\s?잠).{0,60}(?:때[려리렸린]|협박|감시|지키고|도망|여권.{0,6}(?:뺏|빼앗|가져가|걷어)|총을|칼을|죽인)|"
    r"(?:사장|남자|남편|군인|반군|브로커|관리자|팀장|조직|놈|새끼|그\s?사람|그들)[^.!?\n]{0,20}(?:안\s?(?:내)?보내|못\s?나가게|문을?\s?(?:안\s?열|잠[가갔궈궜그])|밖에서\s?잠)|"
    r"밖에서\s?(?:문을\s?)?잠[가갔궈궜그][^\n]{0,30}여권|"
    r"kidnap|abduct|hostage|(?:locked|keep(?:s|ing)?|hold(?:s|ing)?) (?:me|us)\b|won'?t let (?:me|us)|(?:boss|man|men|soldiers|they)\b.{0,20}\block(?:ed|s)\b|"
    r"監禁|誘拐|人質|閉じ込めて.{0,12}(?:殴|逃)|绑架|被关|关着我|不让(?:我|我们)(?:走|出)|bắt cóc|giam giữ|nhốt",
    re.IGNORECASE,
)
# Who is being taken across a border or sold is not fleeing one: war's card has numbers to call beside whoever drives.
_BORDER = r"국경|미야와디|미얀마|골든\s?트라이앵글|시아누크빌|웬치|(?:스캠|범죄|사기)\s?단지"
_TAKEN = re.compile(
    rf"(?:{_BORDER})[^.!?\n]{{0,20}}(?:데려|데리고|끌고|태우|태워|싣|실어)\s?[가간갔고](?!립)|"
    rf"(?:데려|데리고|끌고|태우고|태워서?|싣고|실어서?)\s?[^.!?\n]{{0,12}}(?:{_BORDER})[^.!?\n]{{0,12}}(?:간[다대답]|가려|갔|넘)|"
    r"(?<!잘 )팔려\s?[가간갈갔왔]|팔아\s?넘|(?:taken|taking|drive|driving|driven) (?:me|us) (?:to|across|over) the border|\bsold (?:me|us) to",
    re.IGNORECASE,
)
# A wave takes people along too, and who flees with the family takes them: neither is in anybody's hands, unless a word speaks of somebody who holds or tells.
_CARRIED_OFF = re.compile(r"(?:쓰나미|해일|지진|파도|물살|급류|홍수|강물|산사태|눈사태|토석류|태풍|회오리)(?:에|로)\s[^.!?\n]{0,12}끌려")
_FLEEING = re.compile(r"(?:가족|식구|아이|애|부모님|어머니|아버지|엄마|아빠|할머니|할아버지)들?[을를]?\s?(?:데리고|태우고|태워)[^.!?\n]{0,20}(?:피난|대피)")
_HOLDER = re.compile(
    r"(?:한테|에게|에서)\s?(?:\S{1,6}\s)?끌려|남자|군인|반군|해적|사장|브로커|관리자|팀장|조직|일당|놈|새끼|그\s?사람|그들|감금|납치|인질|억류|가두|가둬|가뒀|못\s?나가|안\s?보내|여권"
)
_HEARSAY = re.compile(r"대[요서]|다더니|다면서|라더니|라면서|라고\s?[해하]|[다라]며|간다고|시켜\s?준다")
_LOUD = tuple(list(Category).index(category) for category in (Category.NATURAL_DISASTER, Category.WAR_UNREST))
# Whoever has more to say than this says more than what shuts them in.
_SHORT = 100
# Added to the category's logit, here and for a rule's hit in `triage.py`.
# On dev emergencies the first guess is mostly 2.3 ahead of the second and 6.2 of the tenth.
BONUS = 1.0
# Who holds somebody outweighs any other word: the wrong card would betray, or keep help away.
_DECIDES = 6.0
_CONFINEMENT = list(Category).index(Category.CONFINEMENT)


def is_held_by_things(text: str) -> bool:
    """Whether a short text says that a thing shuts its writer in; one word of a person, of force or of secrecy, and a person it is."""
    return len(text) <= _SHORT and _SHUT_IN_BY.search(text) is not None and _PEOPLE.search(text) is None


def _left_of_people(text: str) -> str:
    """The text without what is in nobody's hands."""
    if _HOLDER.search(text):
        return text
    text = _CARRIED_OFF.sub("\n", text)
    return text if _HEARSAY.search(text) else _FLEEING.sub("\n", text)


def category_bonus(text: str) -> np.ndarray:
    """One value for each category, in the order of the closed list."""
    out = np.zeros(len(Category), dtype=np.float32)
    by_people = _left_of_people(text)
    for row, pattern in _PATTERNS:
        if pattern.search(text):
            out[row] = BONUS
    if is_held_by_things(text):
        out[_CONFINEMENT] = -2 * _DECIDES
    elif (any(out[list(_LOUD)] > 0) and _HELD_BY_PEOPLE.search(by_people)) or _TAKEN.search(by_people):
        out[_CONFINEMENT] = _DECIDES
        out[list(_LOUD)] = -_DECIDES
    return out


def named(text: str) -> tuple[Category, ...]:
    """The kinds of trouble that a text names in plain words, in the order of the closed list; needs no model."""
    kinds = tuple(list(Category)[row] for row, pattern in _PATTERNS if pattern.search(text))
    return tuple(kind for kind in kinds if kind is not Category.CONFINEMENT or not is_held_by_things(text))
