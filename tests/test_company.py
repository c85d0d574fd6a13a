"""What attend.experiments.company counts is what a pencil counts."""

import math

import pytest
import torch
from sklearn.metrics import roc_auc_score

from attend.experiments.company import ranked, together


def test_meetings_within_the_window_and_how_much_more_often_than_by_chance():
    counts, pmi = together([[0, 1, 2], [0, 1]], size=4, window=1)
    wanted = torch.tensor([[0, 2, 0, 0], [2, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]).double()
    torch.testing.assert_close(counts, wanted)
    # 6 pairs in all: 0 is in 2 of them, 1 in 3, 2 in 1; 0 and 1 meet in 2
    assert pmi[0, 1].item() == pytest.approx(math.log((2 / 6) / (2 / 6 * 3 / 6)))
    assert pmi[2, 1].item() == pytest.approx(math.log((1 / 6) / (1 / 6 * 3 / 6)))
    assert pmi[0, 2] == -math.inf and pmi[3].isnan().all()
    assert together([[0, 1, 2]], size=3, window=2)[0][0, 2] == 1


def test_a_ranking_is_the_area_under_the_curve():
    torch.manual_seed(0)
    score, holds = torch.randn(50).round(decimals=1), torch.rand(50) < 0.3  # with ties
    assert ranked(score, holds) == pytest.approx(roc_auc_score(holds, score))
    assert ranked(torch.tensor([1.0, 2, 3]), torch.tensor([False, False, True])) == 1
