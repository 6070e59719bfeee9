"""Does a server's memory grow? A verdict on samples of (seconds, KiB).

The first half is for warming up: caches, allocator, everybody's first login. Of the second half the first quarter
is compared with the last one, by their medians: a peak is no growth, a step is.
"""
import statistics

MOST, FEWEST = 0.01, 5                     # growth that passes; samples in each window


def growth(samples):
    """(growth in the second half as a share, or None; what is wrong, or None)"""
    if len(samples) < 2:
        return None, "too few samples"
    end = samples[-1][0]
    middle = samples[0][0] + (end - samples[0][0]) / 2
    window = (end - middle) / 4
    early = [kib for at, kib in samples if middle <= at < middle + window]
    late = [kib for at, kib in samples if at > end - window]
    if len(early) < FEWEST or len(late) < FEWEST:
        return None, "too few samples"
    share = statistics.median(late) / statistics.median(early) - 1
    return share, None if share < MOST else f"memory grew by {share:.2%} in the second half"
