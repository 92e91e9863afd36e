"""TLS between Smelt and a broker that is none: what each certificate that is wrong makes Smelt say."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import Smelt

CA_CONFIG = """[ca]
default_ca = here
[here]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
"""


class Authority:
    """A CA in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.certificate = folder, folder / "ca.pem"
        (folder / "ca.cnf").write_text(CA_CONFIG)
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("01")
        self.openssl("req", "-x509", *self.new_key("ca"), "-days", "2", "-subj", "/CN=ca", "-out", "ca.pem")

    def openssl(self, *args: str) -> None:
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True)

    @staticmethod
    def new_key(name: str) -> list[str]:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key"]

    def sign(self, name: str, host: str, ends: str = "20991231000000Z") -> tuple[Path, Path]:
        """A certificate for `host`, and its key."""
        (self.folder / f"{name}.ext").write_text(f"subjectAltName = DNS:{host}")
        self.openssl("req", *self.new_key(name), "-subj", f"/CN={name}", "-out", f"{name}.csr")
        self.openssl(
            "ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", f"{name}.csr", "-out", f"{name}.pem",
            "-startdate", "20200101000000Z", "-enddate", ends, "-extfile", f"{name}.ext", "-notext",
        )  # fmt: skip
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


@contextlib.contextmanager
def listener(certificate: tuple[Path, Path], clients: Path | None = None) -> Iterator[int]:
    """A port that ends the handshake of TLS and answers nothing. `clients`: the CA of the certificates that it asks for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    raw, _ = server.accept()
                    threading.Thread(target=shake, args=(raw,), daemon=True).start()

        def shake(raw: socket.socket) -> None:
            with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as connection:
                while connection.recv(1000):
                    pass

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    (tmp_path / "ca").mkdir()
    return Authority(tmp_path / "ca")


@pytest.fixture
def refused(new_smelt: Callable[..., Smelt], authority: Authority) -> Callable[..., str]:
    """The error of `smelt ingest` at this port."""
    smelt = new_smelt(kafka_security_protocol="ssl", kafka_ssl_ca_location=str(authority.certificate))

    def ingest(port: int, *settings: str) -> str:
        args = [word for setting in settings for word in ("--set", f"kafka.{setting}")]
        result = smelt.run("ingest", "--timeout", "60s", "--set", f"kafka.bootstrap=localhost:{port}", "--set", "kafka.broker.address.family=v4", *args)
        assert result.code == 78, result
        return result.error

    return ingest


def test_why_the_certificate_of_a_broker_is_refused_is_said(authority: Authority, refused: Callable[..., str], tmp_path: Path) -> None:
    with listener(authority.sign("expired", "localhost", "20210101000000Z")) as port:
        assert "certificate has expired" in refused(port)
    with listener(authority.sign("other", "broker.example")) as port:
        assert "hostname mismatch" in refused(port)
    (tmp_path / "stranger").mkdir()
    stranger = Authority(tmp_path / "stranger")
    with listener(stranger.sign("good", "localhost")) as port:
        error = refused(port)
    assert "unable to get local issuer certificate" in error and "kafka.ssl.ca.location" in error


def test_a_client_certificate_that_is_refused_is_configuration(authority: Authority, refused: Callable[..., str]) -> None:
    certificate, key = authority.sign("client", "client", "20210101000000Z")
    with listener(authority.sign("broker", "localhost"), authority.certificate) as port:
        error = refused(port)
        assert "asks for a client certificate: set kafka.ssl.certificate.location and kafka.ssl.key.location" in error
        error = refused(port, f"ssl.certificate.location={certificate}", f"ssl.key.location={key}")
        assert "refuses the client certificate" in error and "SSL alert number 45" in error
        for name, path, other in (("certificate", certificate, "key"), ("key", key, "certificate")):
            assert f"kafka.ssl.{other}.location is not set" in refused(port, f"ssl.{name}.location={path}")


def test_a_key_that_cannot_be_used_is_described(authority: Authority, refused: Callable[..., str]) -> None:
    """Before anything is tried: OpenSSL has the same text for all of them."""
    certificate, key = authority.sign("client", "client")
    _, other = authority.sign("other", "other")
    encrypted, binary, empty = (authority.folder / name for name in ("encrypted.key", "key.der", "empty.key"))
    authority.openssl("pkcs8", "-topk8", "-in", str(key), "-out", str(encrypted), "-passout", "pass:right")
    authority.openssl("pkey", "-in", str(key), "-outform", "DER", "-out", str(binary))
    empty.touch()
    for path, says in (
        (encrypted, "encrypted.key is encrypted: set kafka.ssl.key.password"),
        (binary, "is in binary form (DER), but PEM is expected: openssl pkey"),
        (empty, "empty.key is empty"),
        (certificate, "has no private key in PEM form"),
        (other, "is not the key of kafka.ssl.certificate.location"),
    ):
        error = refused(1, f"ssl.certificate.location={certificate}", f"ssl.key.location={path}")
        assert says in error and "error:" not in error, error
    error = refused(1, f"ssl.certificate.location={certificate}", f"ssl.key.location={encrypted}", "ssl.key.password=wrong")
    assert "is not opened by kafka.ssl.key.password" in error, error
