"""What can go wrong between metasql and ClickHouse: each fault has a code, and nothing is half-written."""

from __future__ import annotations

import http.server
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
import sqlglot

from metasql.diagnostics import MetasqlError
from metasql.plan.sql import as_, number, select
from metasql.plan.steps import Temporary
from tests.support.clickhouse_server import PASSWORD, Server, free_port
from tests.support.clickhouse_sheet import Sheet, chdb_target, in_transaction, opened, server_target
from tests.support.occupied import CHDB, held_by_process


def told(error: MetasqlError) -> str:
    """Everything that a person is shown."""
    return "\n".join(f"{item.code} {item.message} {item.notes} {item.help}" for item in error.bag)


def refused(target, *, read_only: bool = False) -> MetasqlError:
    with pytest.raises(MetasqlError) as found, opened(target, read_only=read_only):
        pass
    assert PASSWORD not in told(found.value)
    assert "wrong password" not in told(found.value)
    assert "Traceback" not in told(found.value)
    return found.value


@contextmanager
def answering(handler, *, certificate=None):
    """Something that listens on a port of this machine."""
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield listener.server_address[1]
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


class Web(http.server.BaseHTTPRequestHandler):
    """Says something to everybody, and knows no ClickHouse."""

    status = 200

    def do_POST(self) -> None:
        body = b"<html>hello</html>"
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


class Missing(Web):
    """The same, with another status."""

    status = 404


@pytest.mark.parametrize("user", ["metasql", "nobody"])
def test_a_password_that_is_wrong(server, user):
    """A user that is not there looks the same."""
    error = refused(server_target(server, username=user, password="wrong password"))
    assert error.codes == ["MS0631"]
    assert f"user `{user}`" in told(error)


def test_a_host_that_is_not_known(server):
    """Nothing was sent."""
    error = refused(server_target(server, host="no-such-host.invalid", retries=0, connect_timeout=3))
    assert error.codes == ["MS0632"]
    assert "name is not known" in told(error)


def test_a_port_where_nothing_listens(server):
    """The message names it."""
    port = free_port()
    error = refused(server_target(server, port=port, retries=0))
    assert error.codes == ["MS0632"]
    assert f"127.0.0.1:{port}" in told(error)
    assert "refused" in told(error)


@pytest.mark.parametrize("handler", [Web, Missing])
def test_a_port_that_answers_something_else(server, handler):
    """A web server, whatever its status."""
    with answering(handler) as port:
        assert refused(server_target(server, port=port, retries=0)).codes == ["MS0633"]


def test_the_port_of_the_native_protocol(tmp_path):
    """It is told which port is meant. The server is one of its own: this build does not always survive it."""
    server = Server(tmp_path / "server").start()
    try:
        error = refused(server_target(server, port=server.tcp_port, retries=0))
    finally:
        server.kill()
    assert error.codes == ["MS0633"]
    assert "8123" in told(error)


def test_tls_to_a_port_without_it(tmp_path):
    """Not a question of trust. The same of the server."""
    server = Server(tmp_path / "server").start()
    try:
        error = refused(server_target(server, secure=True, retries=0))
    finally:
        server.kill()
    assert error.codes == ["MS0633"]
    assert "TLS" in told(error)


@pytest.fixture
def certificate(tmp_path):
    """One that nobody but itself has signed, with its key."""
    path = tmp_path / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*words, *names, "-keyout", path, "-out", tmp_path / "out.pem"], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + (tmp_path / "out.pem").read_bytes())
    return path


def test_a_certificate_that_is_not_trusted(server, certificate):
    """Until its authority is named, or nobody is asked for one; then what answers is looked at."""
    with answering(Web, certificate=certificate) as port:
        target = {"secure": True, "port": port, "retries": 0}
        assert refused(server_target(server, **target)).codes == ["MS0640"]
        authority = str(certificate.with_name("out.pem"))
        assert refused(server_target(server, **target, ca_cert=authority)).codes == ["MS0633"]
        assert refused(server_target(server, **target, verify=False)).codes == ["MS0633"]


def test_a_certificate_that_is_not_there(server, tmp_path):
    """The file is looked for when the target is opened."""
    assert refused(server_target(server, secure=True, ca_cert=str(tmp_path / "none.pem"))).codes == ["MS0605"]


def test_a_setting_that_is_not_known(server, tmp_path):
    """By both drivers; its name is told."""
    for target in (
        server_target(server, settings={"max_memory_usge": 1}),
        chdb_target(tmp_path, settings={"max_memory_usge": 1}),
    ):
        error = refused(target)
        assert error.codes == ["MS0605"]
        assert "max_memory_usge" in told(error)


def test_users_who_may_only_read(server):
    """With `readonly = 2` they read; metasql's settings cannot be sent with 1."""
    with opened(server_target(server)) as connection:
        Sheet(connection).create().write([(1, "a")])
    assert refused(server_target(server, username="reader")).codes == ["MS0634"]
    with opened(server_target(server, username="reader"), read_only=True) as connection:
        assert Sheet(connection).live() == {1: "a"}
    for read_only in (True, False):
        error = refused(server_target(server, username="locked"), read_only=read_only)
        assert error.codes == ["MS0634"]
        assert "readonly = 2" in told(error)


def test_a_user_without_rights(server):
    """To make the database, to write to one."""
    error = refused(server_target(server, username="guest"))
    assert error.codes == ["MS0635"]
    with opened(server_target(server)) as connection:
        Sheet(connection).create().write([(1, "a")])
    assert refused(server_target(server, username="guest")).codes == ["MS0634"]
    with opened(server_target(server, username="guest"), read_only=True) as connection:
        assert Sheet(connection).live() == {1: "a"}


def test_a_database_that_is_not_there(server):
    """A session that only reads makes none."""
    error = refused(server_target(server, schema="nowhere"), read_only=True)
    assert error.codes == ["MS0635"]
    assert "`nowhere`" in told(error)


def test_no_memory_left_in_the_middle_of_a_write(warehouse):
    """The code says so, and what was there is there still."""
    with opened(warehouse) as connection:
        sheet = Sheet(connection).create()
        sheet.write([(1, "a")])
        greedy = "SELECT groupArray(number) FROM numbers(100000000) SETTINGS max_memory_usage = 10000000"
        with pytest.raises(MetasqlError) as found:
            in_transaction(connection, lambda: sheet.written([(1, "A")]), lambda: connection.run_text(greedy))
        assert found.value.codes == ["MS0612"]
    with opened(warehouse) as connection:
        assert Sheet(connection).live() == {1: "A"}  # a hook publishes what stands before it
        assert Sheet(connection).leftovers() == []


def test_no_memory_left_while_rows_are_staged(server):
    """The settings of the profile hold for metasql's own statements."""
    with opened(server_target(server)) as connection:
        Sheet(connection).create().write([(1, "a")])
    with opened(server_target(server, settings={"max_memory_usage": 60_000_000})) as connection:
        sheet = Sheet(connection)
        query = "SELECT number AS id, repeat('x', 1000) AS value FROM numbers(1000000)"
        greedy = sqlglot.parse_one(f"SELECT groupArray(value) FROM ({query}) AS t", dialect="clickhouse")
        with pytest.raises(MetasqlError) as found:
            in_transaction(connection, lambda: sheet.written([(1, "A")]), lambda: connection.rows(greedy))
        assert found.value.codes == ["MS0612"]
        assert sheet.live() == {1: "a"}
        assert [name for name in sheet.leftovers() if "samples" in name] == []


def test_a_statement_that_takes_too_long(server):
    """For the server's patience, and for metasql's."""
    slow = "SELECT sleepEachRow(0.5) FROM numbers(8) SETTINGS max_block_size = 1"
    hurried = server_target(server, settings={"max_execution_time": 1})
    with opened(hurried) as connection, pytest.raises(MetasqlError) as one:
        connection.fetch(slow)
    assert one.value.codes == ["MS0637"]
    target = server_target(server, send_receive_timeout=1, retries=0)
    with opened(target) as connection, pytest.raises(MetasqlError) as two:
        connection.run_text("SELECT sleep(3)")
    assert two.value.codes == ["MS0637"]
    assert "send_receive_timeout" in told(two.value)


def test_a_connection_that_is_lost(tmp_path):
    """What may be done twice is tried again until the server is back; the rest is an error."""
    server = Server(tmp_path / "server").start()
    try:
        with opened(server_target(server, retries=6)) as connection:
            sheet = Sheet(connection).create()
            sheet.write([(1, "a")])
            server.kill()
            again = threading.Timer(0.7, server.start)
            again.start()
            assert sheet.live() == {1: "a"}
            again.join()
            killer = threading.Timer(0.7, server.kill)
            killer.start()
            with pytest.raises(MetasqlError) as lost:
                connection.run_text("INSERT INTO FUNCTION null('x UInt8') SELECT sleep(3)")
            killer.join()
            assert lost.value.codes == ["MS0638"]
            server.start()
            assert sheet.live() == {1: "a"}
    finally:
        server.kill()


def test_no_disk_space_left(tmp_path):
    """The write fails, and readers see what was there."""
    server = Server(tmp_path / "server").start()
    with opened(server_target(server)) as connection:
        Sheet(connection).create().write([(1, "a")])
    server.stop()
    full = "<storage_configuration><disks><default><keep_free_space_bytes>999999999999999</keep_free_space_bytes>"
    server.more = f"{full}</default></disks></storage_configuration>"
    server.start()
    try:
        with pytest.raises(MetasqlError) as found, opened(server_target(server)) as connection:
            Sheet(connection).write([(1, "A")])
        assert found.value.codes == ["MS0636"]
        with opened(server_target(server), read_only=True) as connection:
            assert Sheet(connection).live() == {1: "a"}
    finally:
        server.stop()


def test_a_folder_that_another_process_has(tmp_path):
    """It is said which one."""
    target = chdb_target(tmp_path)
    with held_by_process(CHDB, str(target.options["path"])) as process:
        error = refused(target)
        assert error.codes == ["MS0602"]
        assert f"process {process}" in told(error)
    with opened(target):
        pass


def test_a_path_that_is_a_file(tmp_path):
    """It is left as it is."""
    target = chdb_target(tmp_path)
    (tmp_path / "w.chdb").write_text("mine", encoding="utf-8")
    assert refused(target).codes == ["MS0604"]
    assert (tmp_path / "w.chdb").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_is_not_there_yet(tmp_path):
    """A session that only reads makes none."""
    assert refused(chdb_target(tmp_path), read_only=True).codes == ["MS0603"]
    assert not (tmp_path / "w.chdb").exists()


def test_a_second_folder_in_one_process(tmp_path):
    """chDB opens one at a time."""
    with opened(chdb_target(tmp_path)):
        assert refused(chdb_target(tmp_path / "other")).codes == ["MS0605"]


def test_chdb_is_not_installed(tmp_path, monkeypatch):
    """The message says how to install it."""
    monkeypatch.setitem(sys.modules, "chdb", None)
    monkeypatch.delitem(sys.modules, "clickhouse_connect.driver._chdbclient", raising=False)
    monkeypatch.delitem(sys.modules, "clickhouse_connect.driver._backend.chdb_backend", raising=False)
    error = refused(chdb_target(tmp_path))
    assert error.codes == ["MS0601"]
    assert "metasql[chdb]" in told(error)


def test_what_the_engine_refuses(warehouse):
    """A relation that is not there, and a value that cannot be cast; the purpose is told."""
    with opened(warehouse) as connection:
        with pytest.raises(MetasqlError) as missing:
            connection.fetch("SELECT * FROM nowhere")
        assert missing.value.codes == ["MS0611"]
        assert "version" not in told(missing.value)
        with pytest.raises(MetasqlError) as wrong:
            connection.run_text("SELECT toInt64('a')", "run a hook")
        assert wrong.value.codes == ["MS0610"]
        assert "run a hook" in told(wrong.value)
        connection.apply(Temporary("go on", "metasql_t", select(as_(number(1), "a"))))
