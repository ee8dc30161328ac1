#!/usr/bin/env python3
"""ClickHouse's HTTP interface on loopback, over the engine in this process: front.py FOLDER PORT

For tests and development on machines where no ClickHouse server is to be had. It takes whoever may connect for the
owner: the engine has no users here, and reads files with this process's rights."""
import base64
import json
import os
import re
import secrets
import signal
import sys
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import lz4.frame

import engine
import wire

# What of a request's parameters is for the interface; all others are settings of the engine.
INTERFACE = set(
    """query database default_format session_id session_timeout session_check query_id user password quota_key stacktrace role
    compress decompress buffer_size wait_end_of_query client_protocol_version enable_http_compression
    http_headers_progress_interval_ms send_progress_in_http_headers http_zlib_compression_level close_session""".split()
)
INLINE_DATA = re.compile(rb"\bFORMAT\s+([A-Za-z0-9_]+)[ \t]*(?:\r?\n|[ \t])", re.I)
STATUS = {
    60: 404, 81: 404, 47: 404, 46: 404, 115: 404, 16: 404, 62: 400, 6: 400, 27: 400, 26: 400, 41: 400, 53: 400, 43: 400, 36: 400,
    516: 403, 497: 403, 192: 403, 193: 403, 194: 403, 164: 403, 202: 503, 159: 408, 394: 499,
}  # fmt: skip
MAX_AT_ONCE = 128
IDLE_SECONDS = 120
STOP_SECONDS = 20
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = 1 << 18
    timeout = IDLE_SECONDS
    server: "Server"

    def log_message(self, *args):
        if os.environ.get("CLICKHOUSE_VERBOSE"):
            super().log_message(*args)

    def answer(self):
        try:
            host = urllib.parse.urlsplit("//" + self.headers.get("Host", "localhost")).hostname
            url = urllib.parse.urlsplit(self.path)
            if host not in LOOPBACK:  # a page in a browser that was led here by a name of its own
                return self.reply(403, b"this is for clients on this machine\n")
            if url.path == "/ping" or (url.path == "/" and not url.query and self.command in ("GET", "HEAD")):
                return self.reply(200, b"Ok.\n")
            with self.server.slots:
                self.statement(dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True)))
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    do_GET = do_POST = do_HEAD = do_PUT = answer

    def statement(self, params: dict[str, str]):
        self.query_id = params.get("query_id") or self.headers.get("X-ClickHouse-Query-Id") or str(uuid.uuid4())
        body = wire.body(self.rfile, self.headers)
        try:
            if params.get("decompress") == "1":
                body = wire.native_blocks(body)
            kind = self.headers.get("Content-Type", "")
            if kind.startswith("multipart/form-data"):
                params |= wire.form(kind, wire.whole(body))
                body = iter(())
            if (failed := self.unknown(params)) is not None:
                raise RuntimeError(failed)
            timeout = float(params.get("session_timeout") or 60)
            with self.server.engine.connection(params.get("session_id"), timeout) as connection:
                self.prepare(connection, params)
                self.run(connection, params, body)
        except (wire.Malformed, RuntimeError, UnicodeDecodeError) as error:
            for _ in body:  # so that the client gets to read the answer
                pass
            message = str(error) if isinstance(error, RuntimeError) else f"Code: 36. DB::Exception: {error}. (BAD_ARGUMENTS)"
            self.refuse(message)

    def unknown(self, params: dict[str, str]) -> str | None:
        user = self.headers.get("X-ClickHouse-User") or params.get("user") or self.server.user
        password = self.headers.get("X-ClickHouse-Key") or params.get("password") or ""
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            user, _, password = base64.b64decode(given).decode().partition(":")
        if user == self.server.user and secrets.compare_digest(password.encode(), self.server.password.encode()):
            return None
        return f"Code: 516. DB::Exception: {user}: Authentication failed. (AUTHENTICATION_FAILED)"

    def prepare(self, connection, params: dict[str, str]):
        if database := params.get("database") or self.headers.get("X-ClickHouse-Database"):
            connection.query("USE `{}`".format(database.replace("\\", "\\\\").replace("`", "\\`")), "TSV")
        settings = [f"{name}={literal(value)}" for name, value in params.items() if name not in INTERFACE]
        for setting in settings:
            if not re.match(r"[A-Za-z_]\w*=", setting):
                raise RuntimeError(f"Code: 115. DB::Exception: {setting!r} is no setting. (UNKNOWN_SETTING)")
        if self.command == "GET":
            settings.append("readonly=2")
        # `readonly` last: from then on nothing is set.
        settings.sort(key=lambda s: s.startswith("readonly="))
        if settings:
            connection.query("SET " + ", ".join(settings), "TSV")

    def run(self, connection, params: dict[str, str], body):
        began = time.perf_counter()
        sql = params.get("query", "")
        form = params.get("default_format") or self.headers.get("X-ClickHouse-Format") or "TabSeparated"
        if not engine.INSERT.match(sql):  # ?query= and the body are one text
            data, body = wire.whole(body), iter(())
            inline = None if sql else INLINE_DATA.search(data[:65536])
            if inline and engine.INSERT.match(data[:4096].decode("utf-8", "replace")):
                sql, body = data[: inline.end()].decode(), iter([data[inline.end() :]])
            else:
                sql = (sql + "\n" + data.decode()).strip()
        engine.check(sql)
        named = None if engine.INSERT.match(sql) else engine.FORMAT.search(sql)
        form = named[1] if named else form
        if form == "ArrowStream" and not named and engine.READS.match(sql):
            return self.stream(engine.arrow(connection, sql), form, params)
        first = next(body, None) if engine.INSERT.match(sql) else None
        result = connection.query(sql, form) if first is None else engine.insert(connection, sql, first, body)
        data = b"" if first is not None else (result.bytes() or b"")
        summary = {
            "read_rows": result.storage_rows_read() or result.rows_read(),
            "read_bytes": result.bytes_read(),
            "written_rows": getattr(result, "rows_written", int)(),
            "written_bytes": getattr(result, "bytes_written", int)(),
            "total_rows_to_read": 0,
            "result_rows": result.rows_read(),
            "result_bytes": len(data),
            "elapsed_ns": int((time.perf_counter() - began) * 1e9),
        }
        self.reply(200, bytes(data), form, [("X-ClickHouse-Summary", json.dumps({k: str(v) for k, v in summary.items()}))])

    def stream(self, pieces, form: str, params: dict[str, str]):
        first = next(pieces)  # what fails at once gets a status of its own
        packed = params.get("enable_http_compression", "1") == "1" and "lz4" in self.headers.get("Accept-Encoding", "")
        tag = secrets.token_hex(8)
        extra = [("Transfer-Encoding", "chunked"), ("X-ClickHouse-Exception-Tag", tag)]
        self.head(200, form, extra + ([("Content-Encoding", "lz4")] if packed else []))
        pack = lz4.frame.LZ4FrameCompressor(auto_flush=True) if packed else None
        try:
            self.piece((pack.begin() + pack.compress(first)) if pack else first)
            for data in pieces:
                self.piece(pack.compress(data) if pack else data)
        except RuntimeError as error:
            # As the server says it when the status is long sent: the last thing in the body, which then breaks off.
            text = f"{self.worded(error)}\n"
            end = f"\r\n__exception__\r\n{tag}\r\n{text}{len(text.encode())} {tag}\r\n__exception__\r\n".encode()
            self.piece(pack.compress(end) if pack else end)
            self.close_connection = True
            return
        finally:
            pieces.close()
        if pack:
            self.piece(pack.flush())
        self.wfile.write(b"0\r\n\r\n")

    def piece(self, data: bytes):
        if data:
            self.wfile.write(b"%x\r\n" % len(data) + data + b"\r\n")
            self.wfile.flush()

    def refuse(self, message: str):
        found = re.search(r"Code: (\d+)\.", message)
        code = int(found[1]) if found else 1002
        text = f"{self.worded(message)}\n".encode()
        self.reply(STATUS.get(code, 500), text, None, [("X-ClickHouse-Exception-Code", str(code))])

    def worded(self, error) -> str:
        return f"{str(error).rstrip()} (version {self.server.engine.version} (chdb))"

    def reply(self, status: int, data: bytes, form: str | None = None, extra=()):
        self.head(status, form, [("Content-Length", str(len(data))), *extra])
        if self.command != "HEAD":
            self.wfile.write(data)

    def head(self, status: int, form: str | None, extra):
        data = "application/json" if form and "JSON" in form else "application/octet-stream"
        kind = data if form else "text/plain; charset=UTF-8"
        self.send_response(status)
        shown = [("X-ClickHouse-Format", form)] if form else []
        known = [("X-ClickHouse-Query-Id", self.query_id)] if hasattr(self, "query_id") else []
        server = [("X-ClickHouse-Server-Display-Name", "chdb"), ("X-ClickHouse-Timezone", self.server.engine.time_zone)]
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in [("Content-Type", kind), *shown, *known, *server, *extra]:
            self.send_header(name, value)
        self.end_headers()


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, port: int, folder: str):
        self.user = os.environ.get("CLICKHOUSE_USER", "default")
        self.password = os.environ.get("CLICKHOUSE_PASSWORD", "")
        self.slots = threading.BoundedSemaphore(MAX_AT_ONCE)
        super().__init__(("127.0.0.1", port), Handler)  # the port first: a second start fails before it touches the data
        self.engine = engine.Engine(folder)

    def drain(self):
        """Waits for statements that run: a slot that can be had is one nobody is in."""
        until = time.monotonic() + STOP_SECONDS
        for _ in range(MAX_AT_ONCE):
            if not self.slots.acquire(timeout=max(0.0, until - time.monotonic())):
                print("front: stops though statements still run", flush=True)
                return
        self.engine.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    server = Server(int(sys.argv[2]), sys.argv[1])
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"front: ClickHouse {server.engine.version} at http://127.0.0.1:{server.server_port} over {sys.argv[1]}", flush=True)
    server.serve_forever()
    server.drain()
    sys.stdout.flush()
    # The engine's own threads do not wait for an interpreter that winds down.
    os._exit(0)
