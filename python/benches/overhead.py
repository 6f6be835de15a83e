"""What calls from Python take: `python python/benches/overhead.py`. One by one, and 10,000 schedules at once."""

import time

import numpy as np

from unmaskcost import InformationCurve, Schedule


def seconds(work, number):
    """The least time of one of `number` runs, of seven tries."""
    tries = []
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(number):
            work()
        tries.append((time.perf_counter() - start) / number)
    return min(tries)


for length, steps in ((1024, 16), (1024, 256), (4096, 256)):
    curve = InformationCurve.from_conditional_entropies(1 + 2 / (1 + np.arange(length) / 8))
    schedule = Schedule.balanced(length, steps)
    many = [schedule] * 10_000
    single = seconds(lambda: curve.sampling_error(schedule), 10_000)
    batch = seconds(lambda: curve.sampling_errors(many), 1)
    print(
        f"L = {length}, T = {steps}: one call {single * 1e6:.2f} us; of 10,000 at once {batch * 100:.2f} us each"
    )
