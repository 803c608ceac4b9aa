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
        ("01012345678만 됩니다", "12345678"),
        ("01012345678 동생 번호예요", "12345678"),
        ("M12345678 만료됐어요", "12345678"),
        ("여권번호 M12345678 원본", "12345678"),
        ("+821012345678 동생이에요", "12345678"),
        ("110234567890 동생 계좌", "567890"),
        ("110234567890 명의자가 누구죠", "567890"),
        ("8123456789 불러 주세요", "456789"),
        ("812345678 won't answer", "345678"),
        ("카톡 ID는 honggildong이에요", "honggildong"),
        ("카톡id: hong_gd", "hong_gd"),
        ("lineid: hong_gd", "hong_gd"),
    ],
)
def test_secret_is_gone(text, secret):
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    ["여권을 잃어버렸어요", "3명이 2026년에 왔어요", "수수료 53,000원", "119에 전화", "1500000원", "2500000동 냈어요", "150000명", "1000000won이에요"],
)
def test_ordinary_text_stays(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("제 번호 공일공 일이삼사 오육칠팔", "제 번호 [phone]"),
        ("０１０－１２３４－５６７８", "[phone]"),
        ("2026-11-22에 010.1234.5678로", "2026-11-22에 [phone]로"),
        ("53,000원을 110-234-567890으로", "53,000원을 [phone]으로"),
        ("37°33'59\"N 126°58'40\"E", "[place] [place]"),
        ("cvc 123", "[secret]"),
    ],
)
def test_what_is_left(text, left):
    assert redact(text) == left


def test_redacting_twice_changes_nothing():
    from language.redaction_evaluation import read

    for example in read():
        once = redact(example["text"])
        assert redact(once) == once


def test_written_examples():
    from language.redaction_evaluation import evaluate_redaction

    report = evaluate_redaction(progress=lambda _: None)
    assert report["n"] >= 200
    assert report["harmless"] >= 80
    assert report["leaked"] == 0
    assert report["false_redaction"] <= 0.02


@pytest.mark.parametrize("piece", ["1", "1 ", "1.23 ", "일", "a@", "a at ", "AB12 ", "4***", "http://", "위도 ", "°1"])
def test_hostile_texts_take_no_longer(piece):
    import time

    began = time.process_time()
    redact(piece * (20_000 // len(piece)))
    assert time.process_time() - began < 20
