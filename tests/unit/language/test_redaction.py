import pytest

from language.redaction import redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("주민번호는 900101-1234567 입니다", "1234567"),
        ("여권번호 M12345678", "12345678"),
        ("새 여권 M123A4567이에요", "123A4567"),
        ("카드 4111 1111 1111 1111", "1111"),
        ("+66 81-234-5678로 전화", "234"),
        ("010-1234-5678", "1234"),
        ("hong.gildong@example.com으로", "gildong"),
        ("위치 13.7563, 100.5018 입니다", "7563"),
        ("https://maps.example/?q=13.7,100.5", "100.5"),
        ("계좌 110-234-567890", "567890"),
    ],
)
def test_secret_is_gone(text, secret):
    assert secret not in redact(text)


@pytest.mark.parametrize("text", ["여권을 잃어버렸어요", "3명이 2026년에 왔어요", "수수료 53,000원", "119에 전화"])
def test_ordinary_text_stays(text):
    assert redact(text) == text
