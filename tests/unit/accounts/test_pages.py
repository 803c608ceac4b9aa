from accounts import pages

EVIL = '"><script>alert(1)</script>'


def test_everything_is_escaped():
    for content in (
        pages.sign_in(EVIL, problem=EVIL, login=EVIL, next_path=EVIL),
        pages.invitation(EVIL, EVIL, [EVIL], problem=EVIL, login=EVIL, display_name=EVIL),
        pages.message(EVIL, EVIL),
    ):
        assert "<script" not in content
        assert '">' + "<script" not in content


def test_no_inline_script_or_style():
    content = pages.invitation("c", "t", ["상담관"]) + pages.sign_in("c")
    assert "<style" not in content
    assert "style=" not in content
    assert "onclick" not in content


def test_fields_are_labelled_and_faults_marked():
    content = pages.invitation("c", "t", ["상담관"], problem="이미 쓰고 있는 아이디입니다.", field="login", login="minji")
    assert content.count("<label for=") == 4
    assert content.count('aria-invalid="true"') == 1
    assert 'role="alert"' in content
