"""Dask as a peer program (see peers.ts): a LocalCluster of as many worker processes as the argument says.

Its client and scheduler live in this process. Answers each line of its input with one line of JSON.
"""

import json
import sys
import time
from tempfile import TemporaryDirectory

from distributed import Client, LocalCluster


def nothing(_):
    return None


def many(client, numbers):
    """Milliseconds for all of them."""
    began = time.perf_counter()
    client.gather(client.map(nothing, numbers, pure=False))
    return (time.perf_counter() - began) * 1000


def single(client, numbers):
    """Milliseconds of each, one after the other."""
    each = []
    for number in numbers:
        began = time.perf_counter()
        client.submit(nothing, number, pure=False).result()
        each.append((time.perf_counter() - began) * 1000)
    return each


def main():
    processes = int(sys.argv[1])
    workers = {"n_workers": processes, "processes": True, "threads_per_worker": 1}
    with TemporaryDirectory(prefix="parlmesh-dask-") as folder:
        where = {"host": "127.0.0.1", "dashboard_address": None, "local_directory": folder}
        with LocalCluster(**workers, **where) as cluster, Client(cluster) as client:
            client.wait_for_workers(processes)
            print(json.dumps("ready"), flush=True)
            for line in sys.stdin:
                what, count = line.split()
                measure = many if what == "many" else single
                print(json.dumps(measure(client, range(int(count)))), flush=True)


if __name__ == "__main__":
    main()
