# SPDX-License-Identifier: Apache-2.0
"""Authorities and certificates made by openssl; NAME.pem and NAME.key in a folder."""
import pathlib
import shutil
import subprocess


class Authority:
    """Its own certificate is `ca` in `folder`; `of` takes one that is there already."""

    def __init__(self, folder, name="ca"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pem, self.key = self.folder / (name + ".pem"), self.folder / (name + ".key")
        if not self.pem.exists():
            openssl("req", "-x509", *NEW_KEY, "-days", "30", "-subj", "/CN=" + name, "-addext",
                    "basicConstraints=critical,CA:TRUE", "-keyout", self.key, "-out", self.pem)

    def sign(self, folder, name, subject, usage="serverAuth", hosts="IP:127.0.0.1", days=30):
        """Paths of certificate and key; `days` -1 is one that has expired."""
        base = pathlib.Path(folder) / name
        pem, key, request, extensions = (base.with_suffix(end) for end in (".pem", ".key", ".csr", ".ext"))
        openssl("req", *NEW_KEY, "-subj", subject, "-keyout", key, "-out", request)
        extensions.write_text("subjectAltName=%s\nextendedKeyUsage=%s\n" % (hosts, usage))
        openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial", "-days", days,
                "-extfile", extensions, "-out", pem)
        key.chmod(0o600)
        return pem, key


NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*words):
    done = subprocess.run(["openssl"] + [str(one) for one in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def replace(source, target):
    """As whoever renews a certificate in place must: a whole file under the old name."""
    for end in (".pem", ".key"):
        new = target.with_suffix(".new")
        shutil.copy(source.with_suffix(end), new)
        new.rename(target.with_suffix(end))
