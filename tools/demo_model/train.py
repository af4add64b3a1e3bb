"""Trains the demo model in F32 on the CPU, with checkpoints.

    python3 train.py --tokenizer ../../models/demo/tokenizer.json --output /tmp/demo

One idea beyond the usual (AdamW, warm-up, cosine): the logits are kept normalised by a small
penalty on the squared log of their sum.  Then the logit of a certain token is near zero, and a
repetition penalty, which multiplies or divides logits, cannot push it below the others.

Two workers with one thread each and averaged gradients do twice the work of one with two threads:
matrices this small are not worth the waiting of threads for each other.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, distributed, multiprocessing

from batches import IGNORED, Batch, batch_stream
from bpe import Tokenizer
from dialogues import DialogueSource
from model import ModelConfig, YoutuForCausalLM

WARM_UP_STEPS = 100
WEIGHT_DECAY = 0.05
GRADIENT_NORM = 1.0
NORMALISER_WEIGHT = 1e-2
REPORT_EVERY = 25


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up, then a half cosine down to a fiftieth of the peak."""
    warm_up = min(WARM_UP_STEPS, steps // 10)
    if step < warm_up:
        return peak * (step + 1) / warm_up
    progress = (step - warm_up) / max(1, steps - warm_up)
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))


def losses(model: YoutuForCausalLM, batch: Batch) -> tuple[Tensor, Tensor]:
    """Mean cross entropy over the learned tokens, and the normaliser penalty."""
    targets = batch.targets.flatten()
    learned = targets != IGNORED
    # The head is a sixth of the work, so it only runs where something is learned.
    hidden = model.hidden_states(batch.ids).flatten(0, 1)[learned]
    logits = model.logits(hidden)
    normaliser = logits.logsumexp(-1)
    chosen = logits.gather(-1, targets[learned][:, None]).squeeze(-1)
    return (normaliser - chosen).mean(), normaliser.square().mean()


def make_optimizer(model: YoutuForCausalLM) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices only."""
    matrices = [p for p in model.parameters() if p.dim() == 2]
    vectors = [p for p in model.parameters() if p.dim() != 2]
    return torch.optim.AdamW([{"params": matrices, "weight_decay": WEIGHT_DECAY},
                              {"params": vectors, "weight_decay": 0.0}], betas=(0.9, 0.98))


def save(model: YoutuForCausalLM, step: int, path: Path) -> None:
    """Writes a checkpoint; a half-written file never replaces a good one."""
    partial = path.with_suffix(".partial")
    torch.save({"config": asdict(model.config), "step": step, "model": model.state_dict()},
               partial)
    partial.replace(path)


def average_gradients(model: YoutuForCausalLM, workers: int) -> None:
    """Replaces every worker's gradients by their mean."""
    if workers == 1:
        return
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    parts = (flat / workers).split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts):
        gradient.copy_(part.view_as(gradient))


def train(rank: int, options: argparse.Namespace, rendezvous: str) -> None:
    """Runs all steps of one worker."""
    if options.workers > 1:
        distributed.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank,
                                       world_size=options.workers)
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    tokenizer = Tokenizer.load(options.tokenizer)
    config = ModelConfig(vocab_size=tokenizer.size)
    model = YoutuForCausalLM(config)
    if options.start is not None:
        model.load_state_dict(torch.load(options.start, map_location="cpu")["model"])
    optimizer = make_optimizer(model)
    data_seed = options.seed * 1000 + rank
    stream = batch_stream(DialogueSource(data_seed), tokenizer, options.batch_tokens,
                          config.max_position_embeddings, data_seed)
    progress = Progress(options.steps, options.workers)
    last = min(options.steps, options.stop_after or options.steps)
    for step in range(last):
        batch = next(stream)
        rate = learning_rate(step, options.steps, options.peak_rate)
        for group in optimizer.param_groups:
            group["lr"] = rate
        cross_entropy, penalty = losses(model, batch)
        optimizer.zero_grad(set_to_none=True)
        (cross_entropy + NORMALISER_WEIGHT * penalty).backward()
        average_gradients(model, options.workers)
        torch.nn.utils.clip_grad_norm_(model.parameters(), GRADIENT_NORM)
        optimizer.step()
        if rank == 0:
            progress.note(step + 1, batch.ids.numel(), cross_entropy.item(), rate)
            if (step + 1) % options.save_every == 0 or step + 1 == last:
                save(model, step + 1, options.output / "checkpoint.pt")


class Progress:
    """Prints loss and speed now and then."""

    def __init__(self, steps: int, workers: int) -> None:
        self._steps = steps
        self._workers = workers
        self._started = time.monotonic()
        self._tokens = 0
        self._losses: list[float] = []

    def note(self, step: int, tokens: int, loss: float, rate: float) -> None:
        """Counts one step of this worker."""
        self._tokens += tokens * self._workers
        self._losses.append(loss)
        if step % REPORT_EVERY:
            return
        elapsed = time.monotonic() - self._started
        print(f"step {step}/{self._steps} loss {sum(self._losses) / len(self._losses):.4f} "
              f"rate {rate:.2e} {self._tokens / elapsed:.0f} tokens/s {elapsed / 60:.1f} min",
              flush=True)
        self._losses.clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--output", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--steps", type=int, default=1700)
    parser.add_argument("--stop-after", type=int, help="end earlier than the schedule does")
    parser.add_argument("--start", type=Path, help="checkpoint whose weights to start from")
    parser.add_argument("--batch-tokens", type=int, default=1536,
                        help="positions in a batch of one worker")
    parser.add_argument("--peak-rate", type=float, default=2e-3)
    parser.add_argument("--save-every", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        rendezvous = str(Path(folder) / "rendezvous")
        multiprocessing.spawn(train, args=(options, rendezvous), nprocs=options.workers)


if __name__ == "__main__":
    main()
