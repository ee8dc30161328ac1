"""The ClickHouse engine in this process (chDB): one for a data folder, a cheap connection of its own for each request."""
import contextlib
import re
import threading
import time
from collections.abc import Iterator

from chdb import _chdb

INSERT = re.compile(r"^\s*(?:(?:--[^\n]*\n|/\*.*?\*/)\s*)*INSERT\s", re.I | re.S)
READS = re.compile(r"^\s*(?:(?:--[^\n]*\n|/\*.*?\*/)\s*)*(?:SELECT|WITH|\()", re.I | re.S)
FORMAT = re.compile(r"\bFORMAT\s+([A-Za-z0-9_]+)\s*;?\s*$", re.I)
# Without brokers and Keeper such a CREATE fails only after its metadata are written, and the folder never opens again.
UNSUPPORTED = re.compile(
    r"^\s*(CREATE|ATTACH)\s.*\bENGINE\s*=\s*(Kafka|Replicated\w*|S3Queue|AzureQueue|FileLog|KeeperMap|RabbitMQ|NATS)\b",
    re.I | re.S,
)
NOT_IMPLEMENTED = "Code: 48. DB::Exception: {} does not work in the embedded engine, only on a server. (NOT_IMPLEMENTED)"
TOO_MANY = "Code: 202. DB::Exception: more than {} sessions. (TOO_MANY_SIMULTANEOUS_QUERIES)"
MAX_SESSIONS = 256


class Engine:
    def __init__(self, path: str):
        self.path = path
        self.root = _chdb.connect(path)  # the engine lives as long as this
        if hasattr(_chdb, "set_signal_handlers_enabled"):
            _chdb.set_signal_handlers_enabled(False)
        self.version = self._text("SELECT version()")
        self.time_zone = self._text("SELECT timezone()")
        self.sessions: dict[str, Session] = {}
        self.lock = threading.Lock()

    def _text(self, sql: str) -> str:
        return self.root.query(sql, "TSV").bytes().decode().strip()

    @contextlib.contextmanager
    def connection(self, session: str | None, timeout: float):
        """A connection for one request; that of a session keeps what was SET, and temporary tables."""
        if not session:
            connection = _chdb.connect(self.path)
            try:
                yield connection
            finally:
                connection.close()
            return
        with self._session(session, timeout) as kept:
            yield kept

    @contextlib.contextmanager
    def _session(self, name: str, timeout: float):
        with self.lock:
            now = time.monotonic()
            for old in [n for n, s in self.sessions.items() if not s.users and s.until < now]:
                self.sessions.pop(old).connection.close()
            if name not in self.sessions:
                if len(self.sessions) >= MAX_SESSIONS:
                    raise RuntimeError(TOO_MANY.format(MAX_SESSIONS))
                self.sessions[name] = Session(_chdb.connect(self.path))
            session = self.sessions[name]
            session.users += 1
        try:
            with session.turn:
                yield session.connection
        finally:
            with self.lock:
                session.users -= 1
                session.until = time.monotonic() + timeout

    def close(self):
        with self.lock:
            for session in self.sessions.values():
                session.connection.close()
        self.root.close()


class Session:
    def __init__(self, connection):
        self.connection = connection
        self.turn = threading.Lock()
        self.users = 0
        self.until = 0.0


def check(sql: str):
    if found := UNSUPPORTED.match(sql):
        raise RuntimeError(NOT_IMPLEMENTED.format(f"the table engine {found[2]}"))


def insert(connection, sql: str, first: bytes, rest: Iterator[bytes]):
    """Streams the body into the engine; a body that breaks off inserts nothing of the current block."""
    named = FORMAT.search(sql)
    handle = connection.send_insert(sql[: named.start()] if named else sql, named[1] if named else "Values")
    try:
        connection.insert_append(handle, first)
        for part in rest:
            connection.insert_append(handle, part)
    except BaseException:
        connection.insert_cancel(handle)
        raise
    return connection.insert_done(handle)


def arrow(connection, sql: str) -> Iterator[bytes]:
    """An Arrow stream, batch by batch as the engine makes them. Its pieces are streams of their own: all but the first lose
    their schema, and all but the last their end."""
    result = connection.send_query(sql, "ArrowStream")
    ended = False
    try:
        first, end = True, b""
        while piece := connection.streaming_fetch_result(result).bytes():
            piece = bytes(piece)
            end = piece[-8:]
            yield piece[0 if first else schema_bytes(piece) : -8]
            first = False
        ended = True
        yield end
    finally:
        if not ended:  # the reader went away
            connection.streaming_cancel_query(result)


def schema_bytes(piece: bytes) -> int:
    """The length of the message a stream begins with: a marker of 4 bytes, its length in 4, the schema."""
    return 8 + int.from_bytes(piece[4:8], "little")
