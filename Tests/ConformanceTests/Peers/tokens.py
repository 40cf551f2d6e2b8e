# SPDX-License-Identifier: Apache-2.0
"""tokens.py FOLDER: an issuer's RSA key, its public part, and tokens good and bad, made with openssl and nothing of ours."""
import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
from pathlib import Path

folder = Path(sys.argv[1])
now = int(time.time())
GOOD = {"iss": "https://login.example", "sub": "weber", "aud": "COLLIMATOR", "exp": now + 600}


def run(*command, data=None):
    return subprocess.run(command, input=data, check=True, capture_output=True).stdout


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def unsigned(claims, **header):
    return encoded(json.dumps({"typ": "JWT", **header}).encode()) + b"." + encoded(json.dumps(claims).encode())


def token(claims, key="key.pem"):
    body = unsigned(claims, alg="RS256")
    return body + b"." + encoded(run("openssl", "dgst", "-sha256", "-sign", str(folder / key), data=body))


for name in ("key", "other"):
    run("openssl", "genrsa", "-out", str(folder / f"{name}.pem"), "2048")
    run("openssl", "rsa", "-in", str(folder / f"{name}.pem"), "-pubout", "-out", str(folder / f"{name}.pub"))
public = (folder / "key.pub").read_bytes()
confused = unsigned(GOOD, alg="HS256")
tokens = {
    "good": token(GOOD),
    "expired": token({**GOOD, "exp": now - 600}),
    "endless": token({k: v for k, v in GOOD.items() if k != "exp"}),
    "elsewhere": token({**GOOD, "aud": "OTHER"}),
    "nowhere": token({k: v for k, v in GOOD.items() if k != "aud"}),
    "stranger": token({**GOOD, "iss": "https://evil.example"}),
    "nobody": token({**GOOD, "sub": "nobody"}),
    "forged": token(GOOD, key="other.pem"),
    "none": unsigned(GOOD, alg="none") + b".",
    "confused": confused + b"." + encoded(hmac.new(public, confused, hashlib.sha256).digest()),
}
for name, value in tokens.items():
    (folder / f"{name}.jwt").write_bytes(value)
