"""Batches for training, drawn by weight and changed by augmentation, from a thread of their own."""

from __future__ import annotations

import atexit
import contextlib
import queue
import threading
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from augmentation import augment, drop, instead
from data import Dataset
from phrases import Phrases, colour_table
from sight import Absent


class Background:
    """Batches that one thread prepares: `draw(n)` makes the n-th.

    An error in the thread is raised where the batch is asked for.
    """

    def __init__(self, draw: Callable[[int], dict[str, Tensor]], start: int) -> None:
        self.draw_batch = draw
        self.queue: queue.Queue[dict[str, Tensor] | Exception] = queue.Queue(3)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.work, args=(start,), daemon=True)
        self.thread.start()
        # A thread that is still in torch when the interpreter ends changes the exit code.
        atexit.register(self.close)

    def work(self, step: int) -> None:
        try:
            while not self.stopped.is_set():
                self.queue.put(self.draw_batch(step))
                step += 1
        except Exception as e:  # noqa: BLE001 - it is raised where the batch is asked for
            self.queue.put(e)

    def close(self) -> None:
        """Ends the thread and waits for its end."""
        self.stopped.set()
        while self.thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self.queue.get(timeout=0.05)
        atexit.unregister(self.close)

    def __next__(self) -> dict[str, Tensor]:
        batch = self.queue.get()
        if isinstance(batch, Exception):
            raise batch
        return batch


class Loader(Background):
    """Batches drawn with replacement by weight. The n-th batch depends on `seed` and n alone."""

    def __init__(
        self,
        data: Dataset,
        size: int,
        seed: int,
        start: int,
        balance: float,
        drop: float,
        vocabulary: list[str],
        reword: float,
        absent: float = 0,
        others: float = 0,
        glimpses: float | None = None,
    ) -> None:
        self.data, self.size, self.seed, self.drop, self.share, self.absent, self.others = (
            data,
            size,
            seed,
            drop,
            reword,
            absent,
            others,
        )
        self.phrases = Phrases(vocabulary)
        self.asking = Absent(colour_table(vocabulary))
        self.cumulative = np.cumsum(data.sampling_weights(vocabulary, balance, glimpses))
        super().__init__(self.draw, start)

    def draw(self, step: int) -> dict[str, Tensor]:
        rng = np.random.default_rng((self.seed, step))
        rows = np.searchsorted(self.cumulative, rng.random(self.size) * self.cumulative[-1])
        batch = self.data.batch(self.data.train[np.minimum(rows, len(self.data.train) - 1)])
        if self.others:
            instead(batch, self.others, rng)
        events = batch['voice_tokens'].numpy().reshape(self.size, 4, -1)
        for said, twins in zip(events, batch['twins'].numpy(), strict=True):
            for event in said:
                if event[0] and rng.random() < self.share:
                    self.phrases.reword(event, rng, bool(twins))
        g = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        drop(batch, g, self.drop)
        self.asking.ask(batch, self.absent, self.data.lookout, rng)
        augment(batch, g)
        return batch
