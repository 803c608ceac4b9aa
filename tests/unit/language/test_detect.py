import pytest

from language.detect import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("여권을 잃어버렸어요", "ko"),
        ("passport 분실했어요 Bangkok", "ko"),
        ("ㅅㄹㄷ", "ko"),
        ("", "ko"),
        ("119", "ko"),
        ("😭😭", "ko"),
        ("助けてください", "ja"),
        ("护照丢了怎么办", "zh"),
        ("Помогите, меня удерживают", "ru"),
        ("Tôi bị mất hộ chiếu", "vi"),
        ("I lost my passport in Bangkok yesterday", "en"),
        ("J'ai perdu mon passeport hier soir à la gare", "fr"),
        ("Me robaron el pasaporte en la estación de tren", "es"),
        ("help", "en"),
        ("merci", "fr"),
        ("hola", "es"),
        ("ok", "en"),
        ("ทำหนังสือเดินทางหาย", "th"),
        ("ខ្ញុំត្រូវបានចាប់ដាក់បន្ទប់", "en"),
        ("ຂ້ອຍຖືກຂັງ", "en"),
        ("ကျွန်တော် ပိတ်မိနေတယ်", "en"),
        ("मुझे कमरे में बंद कर दिया है", "en"),
        ("살려줘 ខ្ញុំ", "ko"),
        ("🔪 119 …", "ko"),
    ],
)
def test_language(text, language):
    assert detect(text) == language


def test_same_answer_every_time():
    text = "please tell me where the consulate is"
    assert {detect(text) for _ in range(20)} == {"en"}
