"""The rules as they are written with numpy, on the same random numbers: seconds of a processor for each, as JSON."""
import json
import sys
import time

import numpy as np

count, size, liars = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
rows = np.random.default_rng(1).standard_normal((count, size)).astype(np.float32)
weights = np.ones(count, dtype=np.float32)


def fedavg():
    return weights @ rows / weights.sum()


def median():
    return np.median(rows, axis=0)


def trimmed_mean():
    parts = np.partition(rows, (liars, count - liars - 1), axis=0)
    return parts[liars : count - liars].mean(axis=0)


def distances():
    norms = (rows.astype(np.float64) ** 2).sum(axis=1)
    return norms[:, None] + norms[None, :] - 2.0 * (rows @ rows.T)


def scores(table, alive, f):
    near = np.sort(table[np.ix_(alive, alive)], axis=1)
    return near[:, 1 : max(1, len(alive) - f - 2) + 1].sum(axis=1)


def krum():
    return rows[np.argmin(scores(distances(), np.arange(count), liars))]


def multi_krum():
    order = np.argsort(scores(distances(), np.arange(count), liars))[: count - liars]
    return rows[order].mean(axis=0)


def geometric_median():
    point = rows.mean(axis=0)
    for _ in range(100):
        away = np.linalg.norm(rows - point, axis=1)
        share = 1.0 / np.maximum(1e-6 * np.median(away), away)
        following = share @ rows / share.sum()
        moved = np.linalg.norm(following - point)
        point = following
        if moved < 1e-6 * np.median(away):
            break
    return point


seconds = {}
for name, rule in [("fedavg", fedavg), ("median", median), ("trimmed-mean", trimmed_mean), ("krum", krum),
                   ("multi-krum", multi_krum), ("geometric-median", geometric_median)]:
    best = float("inf")
    for _ in range(int(sys.argv[4])):
        started = time.process_time()
        rule()
        best = min(best, time.process_time() - started)
    seconds[name] = best
print(json.dumps(seconds))
