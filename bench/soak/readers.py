"""Clients of the API: each asks twice a second, on one connection, for one page after the other."""

import http.client
import threading
import time

PATHS = ("/api/v1/overview", "/api/v1/subscribers?limit=50", "/api/v1/status", "/metrics", "/")
PAUSE_S = 0.5


class Group:
    def __init__(self, port, count):
        self.port = port
        self.failed = []
        self.seconds = []
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.read, args=(n,), daemon=True) for n in range(count)]
        for thread in self.threads:
            thread.start()

    def read(self, turn):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.ended.wait(PAUSE_S):
            turn += 1
            try:
                self.ask(connection, PATHS[turn % len(PATHS)])
            except (OSError, http.client.HTTPException) as problem:
                self.failed.append(f"{PATHS[turn % len(PATHS)]}: {problem!r}")
                connection.close()

    def ask(self, connection, path):
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            self.failed.append(f"{path}: status {answer.status}")
        with self.lock:
            self.seconds.append(time.perf_counter() - began)

    def latencies(self):
        """Seconds of each request since the last call."""
        with self.lock:
            taken, self.seconds = self.seconds, []
        return sorted(taken)

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()
