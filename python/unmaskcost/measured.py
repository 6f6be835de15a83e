"""From losses of your own model, and from runs of your decoders, to what they cost.

``measure`` and ``run_decoder`` ask the model; all numbers are made by the Rust library.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from ._unmaskcost import (
    Advice,
    Collector,
    DecoderComparison,
    DecoderRuns,
    Losses,
    NestedLosses,
    Order,
    OrderBlocks,
    OrderChoice,
    Schedule,
    advise,
    choose_order,
    measurement_counts,
)

__all__ = [
    "Advice",
    "Collector",
    "DecoderComparison",
    "DecoderRuns",
    "Losses",
    "NestedLosses",
    "OrderBlocks",
    "OrderChoice",
    "advise",
    "choose_order",
    "measure",
    "measure_blocks",
    "measurement_counts",
    "plot_frontier",
    "plot_losses",
    "plot_orders",
    "run_decoder",
    "run_schedule",
]

Tokens = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
#: ``log_probs(tokens, masked)``: log-probabilities of shape (batch, L, vocabulary) for arrays of shape
#: (batch, L); tokens where ``masked`` is true must not be looked at. NumPy or torch.
Model = Callable[[Tokens, Mask], Any]
#: ``policy(log_probs, masked)``: the positions to reveal next, from one sequence's predictions of shape
#: (L, vocabulary) and its mask of shape (L,).
Policy = Callable[[npt.NDArray[np.float64], Mask], Sequence[int]]


def _numpy(values: Any) -> npt.NDArray[np.float64]:
    for name in ("detach", "cpu", "numpy"):
        if hasattr(values, name):
            values = getattr(values, name)()
    return np.asarray(values, dtype=np.float64)


def _losses(model: Model, tokens: Tokens, masked: Mask) -> npt.NDArray[np.float64]:
    """-ln p of each token, shape (batch, L), zero where it is not masked; what is no distribution is refused."""
    predicted = _predictions(model, tokens, masked)
    picked = np.take_along_axis(predicted, tokens[..., None], axis=-1)[..., 0]
    losses: npt.NDArray[np.float64] = np.where(masked, np.maximum(-picked, 0.0), 0.0)
    return losses


def _predictions(model: Model, tokens: Tokens, masked: Mask) -> npt.NDArray[np.float64]:
    predicted = _numpy(model(np.where(masked, 0, tokens), masked))
    if predicted.ndim != 3 or predicted.shape[:2] != tokens.shape:
        raise ValueError(f"log_probs has shape {predicted.shape}; {tokens.shape} and the vocabulary is needed")
    if tokens.size and (tokens.min() < 0 or tokens.max() >= predicted.shape[2]):
        raise ValueError(f"tokens from {tokens.min()} to {tokens.max()}, but the model has {predicted.shape[2]} symbols")
    sums = np.exp(predicted[masked]).sum(axis=-1)
    off = np.abs(sums - 1)
    if not np.all(off < 1e-2):  # also false for NaN
        raise ValueError(
            f"probabilities of a masked token sum to {sums[np.argmax(~(off < 1e-2))]}, not to 1: log_probs must be "
            "log-probabilities, as log_softmax gives them"
        )
    return predicted


def _sequences(sequences: npt.ArrayLike) -> Tokens:
    tokens: Tokens = np.asarray(sequences, dtype=np.int64)
    if tokens.ndim != 2 or tokens.size == 0:
        raise ValueError(f"sequences have shape {tokens.shape}; (number, L) is needed, with at least one token")
    return tokens


def _progress(items: Sequence[Any], show: bool) -> Iterator[Any]:
    if show:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            pass
        else:
            return iter(tqdm(items))
    return iter(items)


def measure(
    model: Model,
    sequences: npt.ArrayLike,
    *,
    counts: Optional[Sequence[int]] = None,
    order: Union[Order, str] = "random",
    seed: int = 0,
    batch: int = 64,
    progress: bool = True,
) -> npt.NDArray[np.float64]:
    """The mean loss of a masked token of each sequence at each count, along one order per sequence.

    Parameters
    ----------
    model : callable
        ``log_probs(tokens, masked) -> array`` of shape (batch, L, vocabulary).
    sequences : array of int, shape (n, L)
    counts : sequence of int, optional
        Numbers of revealed tokens; all of 0 .. L-1 if not given.
    order : Order or "random"
        A random order per sequence (nested masks), or one fixed order for all.
    seed : int
        The same seed gives the same orders.

    Returns
    -------
    array of float, shape (n, len(counts))
        Nats. Each row belongs to one sequence, so differences between schedules can be paired.
    """
    tokens = _sequences(sequences)
    number, length = tokens.shape
    at = np.arange(length) if counts is None else np.asarray(counts, dtype=np.int64)
    if at.size and (at.min() < 0 or at.max() >= length):
        raise ValueError(f"counts must be from 0 to {length - 1}")
    losses = np.empty((number, at.size))
    ranks = _ranks(tokens, order, seed)
    for start in _progress(range(0, number, batch), progress):
        part = slice(start, min(start + batch, number))
        for column, known in enumerate(at):
            masked = ranks[part] >= known
            losses[part, column] = _losses(model, tokens[part], masked).sum(axis=1) / masked.sum(axis=1)
    return losses


def measure_blocks(
    model: Model,
    sequences: npt.ArrayLike,
    *,
    name: str,
    order: Union[Order, str] = "random",
    counts: Optional[Sequence[int]] = None,
    seed: int = 0,
    batch: int = 64,
    documents: Optional[Sequence[object]] = None,
    progress: bool = True,
) -> OrderBlocks:
    """Measures a model along an order: one forward pass per count prices every schedule that begins its steps there.

    Parameters
    ----------
    model : callable
        ``log_probs(tokens, masked) -> array`` of shape (batch, L, vocabulary).
    sequences : array of int, shape (n, L)
    name : str
        What to call the order.
    order : Order or "random"
        One order for all sequences, or a random one for each.
    counts : sequence of int, optional
        Numbers of known tokens, 0 among them; all of 0 .. L-1 if not given, which the cost against one token at a
        time needs.
    documents : sequence, shape (n,), optional
        What shares a document is taken as dependent.

    Returns
    -------
    OrderBlocks
        Nats.
    """
    tokens = _sequences(sequences)
    number, length = tokens.shape
    at = np.arange(length) if counts is None else np.asarray(counts, dtype=np.int64)
    ranks = _ranks(tokens, order, seed)
    positions = ranks.argsort(axis=1)
    losses = np.empty((number, at.size, length))
    for start in _progress(range(0, number, batch), progress):
        part = slice(start, min(start + batch, number))
        for column, known in enumerate(at):
            of_tokens = _losses(model, tokens[part], ranks[part] >= known)
            losses[part, column] = np.take_along_axis(of_tokens, positions[part], axis=1)
    return OrderBlocks(name, at, losses, documents=documents)


def run_decoder(
    model: Model,
    sequences: npt.ArrayLike,
    policy: Policy,
    *,
    name: str,
    runs: Optional[DecoderRuns] = None,
    documents: Optional[Sequence[object]] = None,
    progress: bool = True,
) -> DecoderRuns:
    """Runs a decoder teacher-forced: the policy picks positions, the true tokens are revealed.

    The sum of the losses of what a round reveals is -ln q of the decoder, exactly, if the policy looks at
    revealed tokens and predictions only. One forward pass a round.

    Parameters
    ----------
    policy : callable
        ``policy(log_probs, masked) -> positions`` for one sequence.
    name : str
        What to call the decoder in the records.
    runs : DecoderRuns, optional
        Records to add to.
    """
    tokens = _sequences(sequences)
    records = DecoderRuns() if runs is None else runs
    for row in _progress(range(len(tokens)), progress):
        sequence = tokens[row]
        masked: Mask = np.ones(sequence.size, dtype=np.bool_)
        rounds, loss, budget = 0, 0.0, 0.0
        while masked.any():
            predicted = _predictions(model, sequence[None], masked[None])[0]
            positions = np.unique(np.asarray(list(policy(predicted, masked.copy())), dtype=np.int64))
            if positions.size == 0 or not masked[positions].all():
                raise ValueError(f"round {rounds} of {name}: the policy must pick masked positions, at least one")
            loss += float(np.maximum(-predicted[positions, sequence[positions]], 0.0).sum())
            probabilities = np.exp(predicted[positions])
            finite = np.where(probabilities > 0, predicted[positions], 0.0)
            entropies = -(probabilities * finite).sum(axis=1)
            budget += float(entropies.sum() - entropies.max())
            masked[positions] = False
            rounds += 1
        document = None if documents is None else documents[row]
        records.record(
            name, row, rounds=rounds, nll_nats=loss, document=document, budget_nats=max(budget, 0.0)
        )
    return records


def _ranks(tokens: Tokens, order: Union[Order, str], seed: int) -> Tokens:
    """For each sequence, the place of each position in its order."""
    if isinstance(order, str) and order != "random":
        raise ValueError(f"order is {order!r}; an Order or 'random' is needed")
    ranks: Tokens = np.empty_like(tokens)
    for row in range(len(tokens)):
        chosen = Order.random(tokens.shape[1], seed=seed + row) if isinstance(order, str) else order
        ranks[row] = chosen.ranks()
    return ranks


def run_schedule(
    model: Model,
    sequences: npt.ArrayLike,
    schedule: Schedule,
    *,
    name: str,
    order: Union[Order, str] = "random",
    seed: int = 0,
    batch: int = 64,
    runs: Optional[DecoderRuns] = None,
    documents: Optional[Sequence[object]] = None,
    progress: bool = True,
) -> DecoderRuns:
    """Runs a schedule teacher-forced, along a random order per sequence or one order for all.

    As ``run_decoder``, but many sequences share each forward pass.

    Parameters
    ----------
    schedule : Schedule
        Its tokens are those of a sequence.
    order : Order or "random"
    name : str
        What to call it in the records.
    """
    tokens = _sequences(sequences)
    number, length = tokens.shape
    schedule.covering(length)
    ranks = _ranks(tokens, order, seed)
    records = DecoderRuns() if runs is None else runs
    ends = np.cumsum(schedule.sizes)
    for start in _progress(range(0, number, batch), progress):
        part = slice(start, min(start + batch, number))
        loss = np.zeros(len(tokens[part]))
        for known, until in zip(schedule.revealed_before(), ends):
            losses = _losses(model, tokens[part], ranks[part] >= known)
            loss += np.where(ranks[part] < until, losses, 0.0).sum(axis=1)
        for row in range(part.start, part.stop):
            document = None if documents is None else documents[row]
            nll = float(loss[row - part.start])
            records.record(name, row, rounds=schedule.steps, nll_nats=nll, document=document)
    return records


def plot_losses(losses: Losses, axes: Any = None) -> Any:
    """Draws losses with two standard errors against the number of revealed tokens (needs matplotlib)."""
    axes = _axes(axes)
    revealed = losses.revealed
    estimates = [losses.loss(int(k)) for k in revealed]
    axes.errorbar(
        revealed,
        [e.value for e in estimates],
        yerr=[2 * e.standard_error for e in estimates],
        fmt="o",
    )
    axes.set_xlabel("revealed tokens")
    axes.set_ylabel("nats per masked token")
    return axes


def plot_orders(orders: Sequence[OrderBlocks], steps: Sequence[int], axes: Any = None) -> Any:
    """Draws the mean loss of the choice for each number of steps, along each order (needs matplotlib)."""
    axes = _axes(axes)
    for blocks in orders:
        found = [blocks.choose(number).loss for number in steps]
        error = [2 * loss.standard_error for loss in found]
        axes.errorbar(steps, [loss.value for loss in found], yerr=error, fmt="o-", label=blocks.name)
    axes.set_xscale("log", base=2)
    axes.set_xlabel("forward passes")
    axes.set_ylabel("-ln q, nats a sequence")
    axes.legend(fontsize="small")
    return axes


def plot_frontier(runs: DecoderRuns, axes: Any = None) -> Any:
    """Draws the mean loss of each decoder against its rounds (needs matplotlib)."""
    axes = _axes(axes)
    for name in runs.decoders:
        loss = runs.mean_loss(name)
        axes.errorbar(runs.mean_rounds(name), loss.value, yerr=2 * loss.standard_error, fmt="o", label=name)
    axes.set_xlabel("forward passes")
    axes.set_ylabel("-ln q, nats a sequence")
    axes.legend(fontsize="small")
    return axes


def _axes(axes: Any) -> Any:
    if axes is not None:
        return axes
    import matplotlib.pyplot as plt

    return plt.subplots()[1]
