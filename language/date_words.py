"""Words that name days, weeks, months and years, and how far each lies from now."""

from __future__ import annotations

_ENGLISH_MONTH_NAMES = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_ENGLISH_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

DAYS = {
    "그끄저께": -3, "그끄제": -3, "엊그저께": -2, "엊그제": -2, "그저께": -2, "그제": -2, "어저께": -1, "어제": -1, "어젯": -1, "간밤": -1,
    "지난밤": -1, "지난 밤": -1, "오늘": 0, "금일": 0,
    "내일모레": 2, "내일 모레": 2, "내일모래": 2, "낼모레": 2, "낼모래": 2, "낼 모레": 2, "모레": 2, "글피": 3, "그글피": 4, "내일": 1, "낼": 1,
    "명일": 1, "익일": 1, "담날": 1,
}  # fmt: skip
DAY_WORDS = "|".join(sorted(DAYS, key=len, reverse=True))
NATIVE_DAYS = {
    "하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7, "여드레": 8, "아흐레": 9, "열흘": 10, "보름": 15, "일주일": 7,
    "이주일": 14, "삼주일": 21,
}  # fmt: skip
WEEKS = {
    "지지난": -2,
    "저저번": -2,
    "지난": -1,
    "저번": -1,
    "전": -1,
    "이번": 0,
    "금": 0,
    "요번": 0,
    "다음": 1,
    "담": 1,
    "내": 1,
    "차": 1,
    "다다음": 2,
    "다담": 2,
    "담담": 2,
}
MONTHS = {
    "지지난": -2,
    "저저번": -2,
    "지난": -1,
    "저번": -1,
    "이번": 0,
    "요번": 0,
    "이": 0,
    "당": 0,
    "금": 0,
    "다음": 1,
    "담": 1,
    "내": 1,
    "익": 1,
    "다다음": 2,
}
YEARS = {"재작년": -2, "그러께": -2, "작년": -1, "지난해": -1, "올해": 0, "금년": 0, "올": 0, "내년": 1, "내후년": 2, "후년": 2}
ENGLISH_DAYS_NEAR = {"today": 0, "tonight": 0, "tomorrow": 1, "tmrw": 1, "tmr": 1, "yesterday": -1}
ENGLISH_MONTHS = {m: i + 1 for i, m in enumerate(_ENGLISH_MONTH_NAMES)}
ENGLISH_MONTHS |= {m[:3]: i for m, i in list(ENGLISH_MONTHS.items())} | {"sept": 9}
ENGLISH_DAYS = {d: i + 1 for i, d in enumerate(_ENGLISH_DAY_NAMES)}
ENGLISH_DAYS |= {"mon": 1, "tue": 2, "tues": 2, "wed": 3, "thu": 4, "thur": 4, "thurs": 4, "fri": 5, "sat": 6, "sun": 7}
CHINESE_DAYS = {c: i + 1 for i, c in enumerate("一二三四五六")} | {"日": 7, "天": 7} | {c: i + 1 for i, c in enumerate("月火水木金土")}
VIETNAMESE_DAYS = {"hai": 1, "ba": 2, "tư": 3, "năm": 4, "sáu": 5, "bảy": 6}
EAST_WORDS = {
    "今日": "P0D", "今天": "P0D", "今晚": "P0D", "今夜": "P0D", "今晩": "P0D", "今朝": "P0D", "きょう": "P0D", "明日": "P1D", "明天": "P1D",
    "明早": "P1D", "明晚": "P1D",
    "あした": "P1D", "あす": "P1D",
    "明後日": "P2D", "あさって": "P2D", "后天": "P2D", "後天": "P2D", "大后天": "P3D", "昨日": "P-1D", "昨天": "P-1D", "昨晚": "P-1D",
    "昨夜": "P-1D", "昨晩": "P-1D", "きのう": "P-1D",
    "一昨日": "P-2D", "おととい": "P-2D", "前天": "P-2D", "来週": "W+1", "先週": "W-1", "今週": "W+0", "再来週": "W+2", "今週末": "W+0-WE",
    "来週末": "W+1-WE", "来月": "M+1",
    "先月": "M-1",
    "今月": "M+0", "来年": "Y+1", "去年": "Y-1", "昨年": "Y-1", "今年": "Y+0", "明年": "Y+1", "前年": "Y-2", "一昨年": "Y-2", "下周": "W+1",
    "下週": "W+1", "上周": "W-1",
    "这周": "W+0", "本周": "W+0",
    "下个星期": "W+1", "上个星期": "W-1", "这个星期": "W+0", "下星期": "W+1", "上星期": "W-1", "下个月": "M+1", "上个月": "M-1", "这个月": "M+0",
    "这周末": "W+0-WE",
    "本周末": "W+0-WE", "下周末": "W+1-WE",
}  # fmt: skip
VIETNAMESE = {
    "hôm nay": "P0D", "tối nay": "P0D", "sáng nay": "P0D", "ngày mai": "P1D", "sáng mai": "P1D", "tối mai": "P1D", "ngày kia": "P2D",
    "ngày mốt": "P2D", "hôm qua": "P-1D", "tối qua": "P-1D", "hôm kia": "P-2D",
    "tuần sau": "W+1", "tuần tới": "W+1", "tuần trước": "W-1", "tuần này": "W+0", "cuối tuần này": "W+0-WE", "tháng sau": "M+1", "tháng tới": "M+1",
    "tháng trước": "M-1", "tháng này": "M+0",
    "năm sau": "Y+1", "năm tới": "Y+1", "năm ngoái": "Y-1", "năm trước": "Y-1", "năm nay": "Y+0",
}  # fmt: skip
