#!/usr/bin/env python3
"""Scrapes tocsin's exposition and prometheus-cpp's Exposer side by side, with the same series.

    bench/exposition.py build/bench/exposition_bench [--series 1000,10000,100000] [--quick]

CPU per scrape is what the server process used (user and system, all threads) from before the values changed
until the answer had arrived, so tocsin's collection and rendering count as its own. The two servers take turns
within one run, so that whatever else the machine does meets both. Prints; asserts nothing.
"""
import argparse
import os
import resource
import socket
import statistics
import subprocess
import sys
import threading
import time

TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
SCRAPERS = 16


class Scraper:
    """A keep-alive HTTP client that reads into one buffer, to cost as little as Python can."""

    def __init__(self, port, gzip):
        self.address = ("127.0.0.1", port)
        encoding = "Accept-Encoding: gzip\r\n" if gzip else ""
        self.request = f"GET /metrics HTTP/1.1\r\nHost: bench\r\n{encoding}\r\n".encode()
        self.buffer = bytearray(32 << 20)
        self.socket = None

    def scrape(self):
        """Returns the seconds it took and the size of the body."""
        begin = time.perf_counter()
        size = self._try()
        if size is None:  # The server had closed the connection after its last answer.
            self.socket = None
            size = self._try()
        return time.perf_counter() - begin, size

    def _try(self):
        if self.socket is None:
            self.socket = socket.create_connection(self.address)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        view = memoryview(self.buffer)
        try:
            self.socket.sendall(self.request)
            have = 0
            end = -1
            while end < 0:
                got = self.socket.recv_into(view[have:])
                if got == 0:
                    return None
                have += got
                end = self.buffer.find(b"\r\n\r\n", 0, have)
        except (ConnectionResetError, BrokenPipeError):
            return None
        head = bytes(self.buffer[:end]).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(head.decode())
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        while have < end + 4 + length:
            have += self.socket.recv_into(view[have:])
        return length


class Server:
    def __init__(self, program, which, series):
        self.process = subprocess.Popen([program, which, str(series)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def step(self, order="step"):
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * TICK_SECONDS

    def rss_megabytes(self, peak=False):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:" if peak else "VmRSS:"):
                    return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def rehearsal_seconds(server, count):
    """The CPU time of one order to change the values, with the making of values that no one is served."""
    before = server.cpu_seconds()
    for _ in range(count):
        server.step("rehearse")
    return (server.cpu_seconds() - before) / count


def measure(servers, gzip, changing, seconds):
    """Scrapes each server in turns; returns {name: (CPU ms per scrape, p50 ms, bytes)}. The orders to change values are
    not counted, what the server does with them is."""
    results = {}
    scrapers = {name: Scraper(server.port, gzip) for name, server in servers.items()}
    for name, server in servers.items():
        for _ in range(3):
            if changing:
                server.step()
            scrapers[name].scrape()
    rounds = 4
    cpu = dict.fromkeys(servers, 0.0)
    times = {name: [] for name in servers}
    size = {}
    for _ in range(rounds):
        for name, server in servers.items():
            before = server.cpu_seconds()
            end = time.monotonic() + seconds / rounds
            while time.monotonic() < end:
                if changing:
                    server.step()
                took, size[name] = scrapers[name].scrape()
                times[name].append(took)
            cpu[name] += server.cpu_seconds() - before
    for name in servers:
        orders = rehearsal_seconds(servers[name], max(200, len(times[name]))) if changing else 0
        results[name] = ((cpu[name] / len(times[name]) - orders) * 1e3, statistics.median(times[name]) * 1e3, size[name])
    return results


def rss_with_scrapers(server, rounds=5):
    """Resident megabytes (now, peak) after SCRAPERS clients have scraped at once, plain and gzip by turns,
    values changing between the rounds."""
    clients = [Scraper(server.port, gzip=i % 2 == 1) for i in range(SCRAPERS)]
    for _ in range(rounds):
        server.step()
        threads = [threading.Thread(target=client.scrape) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return server.rss_megabytes(), server.rss_megabytes(peak=True)


# What is to be reached, as ratios of CPU: (series, gzip, changing) -> times.
MUST = {(1000, False, True): 9, (100000, False, True): 13, (100000, True, True): 8, (100000, True, False): 200}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--series", default="1000,10000,100000")
    parser.add_argument("--quick", action="store_true", help="a quarter of the time, for a first look")
    options = parser.parse_args()
    seconds = 2 if options.quick else 8
    print("| series | values | encoding | CPU ms/scrape: tocsin | prometheus-cpp | ratio | must | p50 ms: tocsin "
          "| prometheus-cpp | ratio | bytes: tocsin | prometheus-cpp |")
    print("|--:|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    memory = []
    for series in map(int, options.series.split(",")):
        servers = {name: Server(options.program, name, series) for name in ("tocsin", "prometheus-cpp")}
        try:
            for gzip in (False, True):
                for changing in (True, False):
                    result = measure(servers, gzip, changing, seconds)
                    (cpu, p50, size), (peer_cpu, peer_p50, peer_size) = result["tocsin"], result["prometheus-cpp"]
                    must = MUST.get((series, gzip, changing))
                    print(f"| {series} | {'half changed' if changing else 'unchanged'} | {'gzip' if gzip else 'plain'} "
                          f"| {cpu:.3f} | {peer_cpu:.2f} | {peer_cpu / max(cpu, 1e-9):.0f}x "
                          f"| {f'{must}x' if must else ''} | {p50:.3f} | {peer_p50:.2f} | {peer_p50 / p50:.0f}x "
                          f"| {size} | {peer_size} |", flush=True)
            memory.append((series, *(rss_with_scrapers(server) for server in servers.values())))
        finally:
            for server in servers.values():
                server.close()
    print(f"\n| series | RSS MB with {SCRAPERS} scrapers (peak): tocsin | prometheus-cpp |\n|--:|--:|--:|")
    for series, (own, own_peak), (peer, peer_peak) in memory:
        print(f"| {series} | {own:.0f} ({own_peak:.0f}) | {peer:.0f} ({peer_peak:.0f}) |")
    client = resource.getrusage(resource.RUSAGE_SELF)
    print(f"\nThe client itself used {client.ru_utime + client.ru_stime:.1f} s of CPU, not counted above.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
