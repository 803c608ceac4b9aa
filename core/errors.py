"""The one base error, the catalogue of codes, and the one JSON shape that every route answers with.

Every entry has a code for programs, a Korean sentence for people and an HTTP status. A new error is a new row here, so that the texts
can be read, and tested, in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HOTLINE = "+82-2-3210-0404"


@dataclass(frozen=True)
class ErrorKind:
    """One row of the catalogue."""

    code: str
    status: int
    korean: str


CATALOGUE: dict[str, ErrorKind] = {
    kind.code: kind
    for kind in (
        ErrorKind("bad_json", 400, "보내신 내용을 읽을 수 없습니다. 다시 보내 주세요."),
        ErrorKind("invalid_request", 422, "보내신 내용에 빠지거나 잘못된 곳이 있습니다. 다시 보내 주세요."),
        ErrorKind("empty_message", 422, "내용이 비어 있습니다. 한 글자라도 적어 주세요."),
        ErrorKind("too_long", 413, "글이 너무 깁니다. 나누어 보내 주세요."),
        ErrorKind("body_too_large", 413, "보내신 내용이 너무 큽니다."),
        ErrorKind("bad_xml", 400, "보내신 내용을 읽을 수 없습니다. 다시 보내 주세요."),
        ErrorKind("wrong_content_type", 415, "이런 종류의 내용은 받지 않습니다."),
        ErrorKind("bad_signature", 401, "보낸 곳을 확인할 수 없는 요청입니다."),
        ErrorKind("location_out_of_range", 422, "위치를 알아볼 수 없습니다. 다시 보내거나 주소로 알려 주세요."),
        ErrorKind("client_id_reused", 409, "같은 번호로 다른 글이 이미 접수되었습니다. 새로 보내 주세요."),
        ErrorKind("bad_token", 401, "대화를 확인할 수 없습니다. 새로 시작해 주세요."),
        ErrorKind("not_signed_in", 401, "로그인이 필요합니다."),
        ErrorKind("forbidden", 403, "이 작업을 할 권한이 없습니다."),
        ErrorKind("cross_site", 403, "다른 사이트에서 온 요청은 받지 않습니다."),
        ErrorKind("unknown_conversation", 404, "대화를 찾을 수 없습니다. 새로 시작해 주세요."),
        ErrorKind("not_found", 404, "찾으시는 주소가 없습니다."),
        ErrorKind("method_not_allowed", 405, "이 주소에서는 할 수 없는 요청입니다."),
        ErrorKind("file_empty", 422, "빈 파일입니다. 다른 파일을 골라 주세요."),
        ErrorKind("file_kind", 415, "이런 종류의 파일은 받지 않습니다. 사진이나 문서로 보내거나 내용을 글로 적어 주세요."),
        ErrorKind("file_over_limit", 413, "파일이 너무 큽니다. 사진을 줄이거나 내용을 글로 적어 주세요."),
        ErrorKind("files_full", 409, "지금은 파일을 더 받을 수 없습니다. 내용을 글로 적어 주세요."),
        ErrorKind("file_picture_broken", 422, "사진을 열 수 없습니다. 다른 사진을 골라 주세요."),
        ErrorKind("guarded_no_file", 409, "다른 사람이 휴대전화를 볼 수 있는 상담입니다. 파일을 보내지 않습니다."),
        ErrorKind("channel_no_file", 409, "이 채널로는 이런 파일을 보낼 수 없습니다. 내용을 글로 적어 주세요."),
        ErrorKind("conversation_closed", 409, "종료된 대화입니다. 새로 시작해 주세요."),
        ErrorKind("link_expired", 410, "열 수 없는 링크입니다. 기한이 지났거나 다른 기기에서 쓰는 것일 수 있습니다. 상담 창에서 다시 요청해 주세요."),
        ErrorKind("consent_required", 422, "위치를 보내려면 먼저 동의해 주세요."),
        ErrorKind("wrong_code", 422, "번호가 맞지 않거나 기한이 지났습니다. 상담관이 불러 준 여섯 자리를 다시 확인해 주세요."),
        ErrorKind("code_tries_exceeded", 429, "번호를 여러 번 틀렸습니다. 10분 뒤에 다시 하거나, 상담관에게 계신 곳을 말로 알려 주세요."),
        ErrorKind("codes_paused", 429, "지금은 번호를 확인할 수 없습니다. 상담관에게 계신 곳을 말로 알려 주세요."),
        ErrorKind("too_many_codes", 409, "지금 쓰이는 번호가 너무 많습니다. 잠시 뒤 다시 만들거나, 계신 곳을 말로 받아 적으세요."),
        ErrorKind("bad_phone", 422, "전화번호를 알아볼 수 없습니다. 나라 번호를 붙여 +82 10… 처럼 적어 주세요."),
        ErrorKind("sms_not_configured", 409, "문자 보내기가 설정되지 않았습니다. 번호를 불러 주세요."),
        ErrorKind("unfit_code_word", 422, "띄어쓰기를 빼고 네 글자에서 마흔 글자 사이로 적어 주세요. 평소에 쓰는 말은 피하세요."),
        ErrorKind("wrong_proof", 422, "맞지 않거나 기한이 지났습니다. 다시 확인해 주세요."),
        ErrorKind("guarded_no_sms", 409, "다른 사람이 휴대전화를 볼 수 있는 상담입니다. 문자를 보내지 않습니다."),
        ErrorKind("telling_words", 409, "다른 사람이 볼 수 있는 화면에 상황을 드러내는 말이 나갑니다. 그래도 보내려면 한 번 더 누르세요."),
        ErrorKind("phone_has_no_text", 409, "전화 상담에는 글을 보낼 수 없습니다. 말로 전하고 메모에 적으세요."),
        ErrorKind("call_not_possible", 409, f"지금은 음성 통화를 할 수 없습니다. 글로 계속하시거나 {HOTLINE} 로 전화하세요."),
        ErrorKind("call_busy", 409, "이 상담에서 이미 통화 중이거나 벨이 울리고 있습니다."),
        ErrorKind("call_over", 410, "이미 끝난 통화입니다."),
        ErrorKind("call_taken", 409, "다른 창이나 다른 상담관이 받은 통화입니다."),
        ErrorKind("call_not_yours", 409, "지금 상태에서는 이 통화를 받을 수 없습니다. 아직 아무도 받지 않았습니다. 동료에게 알리세요."),
        ErrorKind("call_signal_repeated", 409, "같은 연결 정보가 이미 접수되었습니다."),
        ErrorKind("agent_on_call", 409, "통화 중이거나 거는 중인 통화를 먼저 끊으세요."),
        ErrorKind("call_would_ring", 409, "벨이 울리면 위험하거나 말할 수 없는 상담입니다. 전화를 걸지 않습니다. 글로 이어 가세요."),
        ErrorKind("not_owner", 409, "지금 이 상담을 맡고 있지 않습니다."),
        ErrorKind("bad_sign_in", 401, "아이디나 비밀번호가 맞지 않습니다."),
        ErrorKind("too_many_requests", 429, "요청이 너무 잦습니다. 잠시 뒤 다시 보내 주세요. 위험하면 ‘지금 위험해요’를 누르세요."),
        ErrorKind("database_unavailable", 503, f"지금 글을 저장할 수 없습니다. 위험하면 영사안전콜센터 {HOTLINE} 로 전화하세요."),
        ErrorKind("still_loading", 503, f"아직 준비하고 있습니다. 잠시 뒤 다시 해 주세요. 위험하면 영사안전콜센터 {HOTLINE} 로 전화하세요."),
        ErrorKind("internal", 500, f"요청을 처리하지 못했습니다. 위험하면 영사안전콜센터 {HOTLINE} 로 전화하세요."),
        ErrorKind("case_open", 409, "아직 끝나지 않은 상담이 있어 지울 수 없습니다. 상담을 끝낸 뒤 다시 해 주세요."),
        ErrorKind("on_hold", 409, "보존 조치가 걸려 있어 지울 수 없습니다. 책임자가 보존 조치를 풀어야 합니다."),
        ErrorKind("restricted", 403, "열람이 제한된 상담입니다. 지정된 사람만 봅니다. 꼭 봐야 하면 까닭을 적고 여세요."),
        ErrorKind("restricted_here", 403, "열람이 제한된 상담입니다. 맡은 상담관이나 책임자가 초대해야 참여할 수 있습니다."),
        ErrorKind("own_opening", 409, "자기가 연 것은 다른 책임자가 확인해야 합니다."),
        ErrorKind("guardian_is_danger", 409, "보호자가 위험한 사람으로 적힌 상담입니다. 보호자에게 연락하거나 동의를 구하지 말고 책임자와 의논하세요."),
        ErrorKind("guardian_refused", 409, "보호자가 위치에 동의하지 않은 아동의 상담입니다. 위험하면 ‘동의 기록’에 까닭을 적고 이어 가세요."),
        ErrorKind("own_consent", 409, "적은 사람은 확인할 수 없습니다. 다른 사람이 확인해야 합니다."),
        ErrorKind("export_forbidden", 403, "정보 열람 자료를 만들거나 볼 권한이 없습니다. 책임자에게 말하세요. 시도는 기록되었습니다."),
        ErrorKind("export_care", 409, "내주기 전에 알아야 할 것이 있습니다. 화면의 주의를 읽고 표시한 뒤 다시 하세요."),
        ErrorKind("export_stale", 409, "내준 뒤에 알아야 할 것이 생겼습니다. 취소하고 새로 만들어 다시 확인받으세요."),
        ErrorKind("export_not_to_them", 409, "위험에 놓인 사람일 수 있는 상담입니다. 보호자나 대리인에게는 내주지 않고, 본인에게만 직접 내줍니다."),
        ErrorKind("export_nothing", 409, "이미 지운 대화입니다. 내줄 내용이 남아 있지 않습니다."),
        ErrorKind("export_over", 410, "기한이 지났거나 취소해서 지운 자료입니다. 필요하면 새로 만드세요."),
        ErrorKind("export_changed", 409, "그사이에 가린 곳이 바뀌었습니다. 다시 읽고 확인하세요."),
        ErrorKind("own_export", 409, "자료를 만든 사람은 내주기를 확인할 수 없습니다. 다른 책임자가 읽고 확인해야 합니다."),
        ErrorKind("own_access", 409, "자기 기록은 다른 책임자가 검토해야 합니다."),
        ErrorKind("already_erased", 409, "이미 지운 대화입니다. 보존할 내용이 남아 있지 않습니다."),
        ErrorKind("reason_needed", 422, "이유를 적어 주세요."),
        ErrorKind("illegal_move", 409, "지금 상태에서는 할 수 없는 처리입니다."),
        ErrorKind("too_late_to_reopen", 409, "다시 열 수 있는 기간이 지났거나, 같은 대화에 열려 있는 상담이 있습니다."),
        ErrorKind("second_person_needed", 409, "긴급 상담의 종료는 요청한 사람이 아닌 다른 상담관이 확인해야 합니다."),
        ErrorKind("abuse_emergency", 409, "긴급 상담은 폭언이 있어도 끝낼 수 없습니다. 힘들면 동료나 책임자에게 넘기세요. 상대가 맡을 때까지는 내 상담입니다."),
        ErrorKind("abuse_not_yet", 409, "이 상담에서 폭언 표시가 세 번이 되어야 할 수 있습니다."),
        ErrorKind("no_supervisor", 409, "지금 맡을 수 있는 책임자가 없습니다. 동료에게 넘기거나 마무리 문장으로 끝내세요."),
        ErrorKind("must_rest", 409, "폭언 뒤의 의무 휴식이 아직 끝나지 않았습니다. 그 전에는 생명 위험 상담만 맡을 수 있습니다."),
        ErrorKind("other_district", 403, "이 공관의 관할 긴급 상담이 아니라서 열 수 없습니다. 시도는 기록되었습니다."),
        ErrorKind("no_mission", 403, "소속 공관이 정해지지 않은 계정입니다. 책임자에게 알려 주세요."),
        ErrorKind("already_taken", 409, "다른 상담관이 이미 맡았습니다."),
        ErrorKind("own_review", 409, "자기가 낸 판정은 다른 사람이 확인해야 합니다."),
        ErrorKind("review_changed", 409, "그사이에 판정이 바뀌었습니다. 다시 열어 확인해 주세요."),
        ErrorKind("agent_full", 409, "맡을 수 있는 상담 수를 넘었습니다."),
        ErrorKind("bad_notice", 422, "공지의 필수 항목이 빠졌거나 형식이 맞지 않습니다."),
        ErrorKind("own_statement", 409, "안내를 쓴 사람은 보낼 수 없습니다. 다른 책임자가 읽고 보내야 합니다."),
        ErrorKind("bad_date", 422, "날짜를 알아볼 수 없습니다. 연-월-일로 적어 주세요."),
        ErrorKind("dates_contradict", 422, "끝나는 날이 시작하는 날보다 빠르거나 같습니다."),
        ErrorKind("supersedes_loop", 409, "대체 관계가 돌고 돌아 자기 자신에게 이어집니다."),
        ErrorKind("duplicate_id", 409, "한 번에 가져온 것 가운데 번호가 같고 내용이 다른 공지가 있습니다. 먼저 온 것만 받았습니다."),
        ErrorKind("notice_too_long", 413, "공지의 글이 너무 깁니다. 나누어 주세요."),
        ErrorKind("unknown_notice", 404, "그런 번호나 판의 공지가 없습니다."),
        ErrorKind("notice_changed", 409, "그사이에 다른 사람이 이 공지를 고쳤습니다. 새로 열어 확인한 뒤 다시 해 주세요."),
        ErrorKind("id_taken", 409, "이미 쓰고 있는 공지 번호입니다. 다른 번호를 적어 주세요."),
        ErrorKind("second_person", 409, "글을 쓴 사람은 게시할 수 없습니다. 다른 편집자가 확인하고 게시해야 합니다."),
        ErrorKind("reason_missing", 422, "까닭을 적어 주세요."),
        ErrorKind("review_day", 422, "검토 기한은 오늘부터 2년 안의 날이어야 합니다."),
        ErrorKind("already_over", 422, "끝나는 날이 이미 지난 공지는 게시할 수 없습니다."),
        ErrorKind("unknown_variable", 422, "정형문의 중괄호에는 정해진 이름만 쓸 수 있습니다. 상담 데스크 안내의 ‘정형문’을 보세요."),
        ErrorKind("unfilled_text", 422, "채우지 못한 칸이 남아 있습니다. 직접 적거나 지운 뒤 보내세요."),
        ErrorKind("stale_text", 409, "기한이 지난 글이 들어 있습니다. 확인한 뒤 한 번 더 누르면 보냅니다."),
        ErrorKind("test_text", 422, "시험용으로 쓴 글은 운영에서 게시할 수 없습니다."),
        ErrorKind("file_missing", 404, "파일이나 폴더가 없거나 열 수 없습니다."),
        ErrorKind("file_too_large", 413, "파일이 너무 큽니다. 나누거나 그림을 줄여 주세요."),
        ErrorKind("file_type_unknown", 415, "읽을 수 없는 종류의 파일입니다."),
        ErrorKind("file_broken", 422, "파일이 깨졌거나 확장자와 내용이 다릅니다. 원본에서 다시 저장해 주세요."),
        ErrorKind("file_encrypted", 422, "암호가 걸렸거나 배포용으로 잠긴 문서입니다. 잠금을 풀어 다시 저장해 주세요."),
        ErrorKind("file_version_unknown", 422, "읽을 수 없는 판의 한글 문서입니다. 새 형식으로 다시 저장해 주세요."),
        ErrorKind("file_bomb", 422, "압축을 풀면 지나치게 커지는 파일이라 열지 않았습니다."),
        ErrorKind("file_xml_entities", 422, "문서 안에 개체 선언이 있어 열지 않았습니다. 원본에서 다시 저장해 주세요."),
        ErrorKind("file_no_text", 422, "글자가 없는 문서입니다."),
        ErrorKind("file_scanned", 422, "글자가 아니라 그림으로 된(스캔한) 문서입니다. 글자가 들어 있는 파일로 올려 주세요."),
        ErrorKind("file_charset", 422, "글자 부호를 알아볼 수 없습니다. 다른 부호로 다시 저장해 주세요."),
        ErrorKind("file_columns", 422, "표의 첫 줄에 제목과 내용 칸이 있어야 합니다."),
        ErrorKind("file_timeout", 422, "정해진 시간 안에 읽지 못한 파일입니다."),
    )
}


class AppError(Exception):
    """An expected failure with a code from the catalogue; ``detail`` (English) is for logs only, never for people."""

    def __init__(self, code: str, detail: str = "", **extra: Any) -> None:
        self.kind = CATALOGUE[code]
        self.extra = extra
        super().__init__(detail or code)

    @property
    def code(self) -> str:
        """The code of the catalogue's row."""
        return self.kind.code

    def body(self) -> dict[str, Any]:
        """The one JSON error shape."""
        return error_body(self.kind, **self.extra)


def error_body(kind: ErrorKind, **extra: Any) -> dict[str, Any]:
    """``{"error": {"code", "message", ...}}``; a 503 also carries the hotline, since the page may have nothing else to show."""
    error: dict[str, Any] = {"code": kind.code, "message": kind.korean, **extra}
    if kind.status >= 500:
        error["hotline"] = HOTLINE
    return {"error": error}


class DatabaseUnavailable(AppError):
    """PostgreSQL cannot be reached, is stopping, or its disk is full."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("database_unavailable", detail)


class StartError(Exception):
    """The program cannot start; the message is one plain sentence for the person at the terminal."""
