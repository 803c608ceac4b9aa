from language.recent import LONGEST, Recent


def test_made_once_and_in_order():
    asked = []

    def make(texts):
        asked.append(list(texts))
        return [text.upper() for text in texts]

    recent = Recent(10)
    assert recent.of(["a", "b", "a"], make) == ["A", "B", "A"]
    assert recent.of(["b", "c"], make) == ["B", "C"]
    assert asked == [["a", "b"], ["c"]]


def test_the_oldest_goes_first_and_long_texts_are_not_kept():
    asked = []

    def make(texts):
        asked.extend(texts)
        return list(texts)

    recent = Recent(2)
    for text in ("a", "b", "a", "c", "a", "b"):
        recent.of([text], make)
    assert asked == ["a", "b", "c", "b"]
    long = "x" * (LONGEST + 1)
    recent.of([long], make)
    recent.of([long], make)
    assert asked[-2:] == [long, long]
