from service import Sentiment


def test_a_good_review_is_positive():
    assert Sentiment().classify(["works well, would buy again"])[0] > 0.5
