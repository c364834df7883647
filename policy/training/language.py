"""What was said: from events of words with their ages to one vector, and to the colour that is meant."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from layers import OFF, Block, attend, by_head, off


class TextEncoder(nn.Module):
    """Tokens [B,E*T], the newest event first, and ages [B,E] -> a vector [B,text], and the colour that is meant [B,4].

    Ages are in s; -1 means that there is no event. The colour is r, g, b and how sure it is that a colour was named. A
    learned null token stands where nothing was said.

    `colours` [V,4]: the colour of each word, and 1 where it has one. The look of a colour word is given and not
    learned, so the policy also finds a colour that it never saw in training. Which of the words counts is learned.
    """

    def __init__(self, words: int, events: int, per_event: int, d: int, heads: int, colours: Tensor | None) -> None:
        super().__init__()
        self.events, self.per_event, self.heads = events, per_event, heads
        self.register_buffer('colours', torch.zeros(words, 4) if colours is None else colours)
        self.token = nn.Embedding(words, d)
        self.event = nn.Parameter(torch.randn(events, 1, d) * 0.2)
        self.place = nn.Parameter(torch.randn(1, per_event, d) * 0.2)
        self.age = nn.Linear(4, d)
        self.null = nn.Parameter(torch.randn(1, 1, d) * 0.2)
        self.block = Block(d, heads)
        self.query = nn.Parameter(torch.randn(1, 2, d) * 0.2)
        self.kv = nn.Linear(d, 2 * d)
        self.out = nn.Sequential(nn.Linear(2 * d, d), nn.LayerNorm(d))
        self.choice = nn.Linear(d, 1)
        # The newest event counts most until training learns otherwise.
        self.recency = nn.Parameter(torch.arange(events).float()[:, None] * -2)
        nn.init.normal_(self.token.weight, std=0.5)

    def forward(self, tokens: Tensor, age: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """`present` [B,1]: 1 where there is a microphone."""
        b, d = tokens.shape[0], self.null.shape[-1]
        said = (tokens > 0).float() * present
        known = (age >= 0).float()
        a = age.clamp(min=0)
        ages = torch.stack(
            [known, (a / 0.3).clamp(max=1) * known, (a / 2).clamp(max=1) * known, torch.log1p(a) * known / 3], -1
        )
        # The vectors of places and of events make one table, [events, words, d].
        x = self.token(tokens).reshape(b, self.events, self.per_event, d) + (self.event + self.place)
        x = x + self.age(ages).reshape(b, self.events, 1, d)
        x = torch.cat([self.null.expand(b, 1, d), x.reshape(b, self.events * self.per_event, d)], 1).reshape(-1, d)
        bias = off(torch.cat([torch.ones_like(said[:, :1]), said], 1))
        x = self.block(x, bias)
        k, v = by_head(self.kv(x), b, self.heads, 2)
        q = by_head(self.query[0], 1, self.heads, 1)[0].expand(b, -1, -1, -1)
        text = self.out(attend(q, k, v, bias).reshape(b, -1))

        colours = self.colours[tokens]
        recency = self.recency.expand(self.events, self.per_event).reshape(1, -1)
        score = self.choice(x).reshape(b, -1).float()
        score = torch.cat([score[:, :1] - 4, score[:, 1:] + recency + (1 - colours[..., 3] * said) * OFF], 1)
        meant = score.softmax(-1)[:, None, 1:] @ colours
        return text, meant.reshape(b, 4)


def likeness(rgb: Tensor, meant: Tensor) -> Tensor:
    """How much each pixel of `rgb` [B,3,H,W] (0 to 1) looks like the colour that is meant [B,4]: [B,3,H,W].

    Light scales a colour and hardly changes its direction, so the angle between both colours counts: once with a wide
    and once with a narrow limit. The ratio of brightness tells white, grey and black apart.
    """
    colour, sure = meant.reshape(-1, 4, 1, 1).split((3, 1), 1)
    inner = (rgb * colour).sum(1, keepdim=True)
    bright = (rgb * rgb).sum(1, keepdim=True) + 1e-4
    paint = (colour * colour).sum(1, keepdim=True) + 1e-4
    # The squared sine of the angle, and the ratio of lengths.
    sine = (1 - inner * inner / (bright * paint)).clamp(0, 1)
    ratio = (bright / paint).log() * 0.5
    wide = F.relu(1 - 6 * sine)
    narrow = F.relu(1 - 60 * sine) * F.relu(1 - ratio.abs())
    return torch.cat([wide, narrow, ratio.clamp(-1.5, 1.5)], 1) * sure
