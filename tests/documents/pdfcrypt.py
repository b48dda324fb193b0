# SPDX-License-Identifier: Apache-2.0
#
# The standard security handler with the empty user password (ISO 32000-1, 7.6; ISO 32000-2, 7.6):
# RC4, AES-128 and AES-256 of revisions 2 to 6, for strings and streams of objects.
"""Decrypt and encrypt PDF objects."""

import hashlib
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from pdfobject import Name, Raw, Stream

PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def rc4(key, data):
    state, out, i, j = list(range(256)), bytearray(), 0, 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    i = j = 0
    for byte in data:
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(out)


def aes(key, iv, data, decrypt):
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    worker = cipher.decryptor() if decrypt else cipher.encryptor()
    return worker.update(data) + worker.finalize()


def hash_of(revision, salt, user=b""):
    """ISO 32000-2, 7.6.4.3.4, algorithm 2.B, of the empty password; revision 5: one digest."""
    k = hashlib.sha256(salt + user).digest()
    step = 0
    while revision >= 6:
        e = aes(k[:16], k[16:32], (k + user) * 64, False)
        k = (hashlib.sha256, hashlib.sha384, hashlib.sha512)[sum(e[:16]) % 3](e).digest()
        step += 1
        if step >= 64 and e[-1] <= step - 32:
            break
    return k[:32]


class Crypt:
    """decrypt(number, value), encrypt(number, value): whole objects of generation 0."""

    def __init__(self, info, identity):
        self.info, self.version = info, info["V"]
        self.clear_metadata = info.get("EncryptMetadata", True) is False
        self.methods = {"Identity": None, **{name: filters["CFM"] for name, filters in info.get("CF", {}).items()}}
        if self.version < 4:
            self.of_streams = self.of_strings = "V2"
        else:
            self.of_streams, self.of_strings = (self.methods[info.get(key, "Identity")] for key in ("StmF", "StrF"))
        if self.version >= 5:
            user, key = info["U"][:48], info["UE"][:32]
            self.key = aes(hash_of(info["R"], user[40:48]), bytes(16), key, True)
            return
        length = info.get("Length", 40) // 8 if self.version < 4 else 16
        key = PADDING + info["O"][:32] + (info["P"] & 0xffffffff).to_bytes(4, "little") + identity
        key = hashlib.md5(key + (b"\xff" * 4 if self.clear_metadata and info["R"] >= 4 else b"")).digest()
        for _ in range(50 if info["R"] >= 3 else 0):
            key = hashlib.md5(key[:length]).digest()
        self.key = key[:length]

    def _apply(self, number, data, method, decrypt):
        key = self.key
        if self.version < 5:
            key = hashlib.md5(key + number.to_bytes(3, "little") + bytes(2) + (b"sAlT" if method == "AESV2" else b"")).digest()[:len(key) + 5]
        if method is None:
            return data
        if method == "V2":
            return rc4(key[:16], data)
        if decrypt:
            out = aes(key, data[:16], data[16:], True)
            return out[:-out[-1]]
        pad, iv = 16 - len(data) % 16, os.urandom(16)
        return iv + aes(key, iv, data + bytes([pad]) * pad, False)

    def _walk(self, number, value, decrypt):
        if isinstance(value, str) and not isinstance(value, Name):
            raise TypeError("strings of PDF are bytes")
        if isinstance(value, bytes) and not isinstance(value, Raw):
            return self._apply(number, value, self.of_strings, decrypt)
        if isinstance(value, dict):
            return {k: self._walk(number, v, decrypt) for k, v in value.items()}
        if type(value) is list:
            return [self._walk(number, v, decrypt) for v in value]
        return value

    def _method_of(self, info):
        kinds = info.get("Filter")
        if kinds == "Crypt" or isinstance(kinds, list) and kinds[:1] == ["Crypt"]:
            parms = info.get("DecodeParms") or {}
            return self.methods[(parms[0] if isinstance(parms, list) else parms).get("Name", "Identity")]
        if info.get("Type") == "XRef" or info.get("Type") == "Metadata" and self.clear_metadata:
            return None
        return self.of_streams

    def _object(self, number, value, decrypt):
        if isinstance(value, Stream):
            return Stream(self._walk(number, value.info, decrypt), self._apply(number, value.data, self._method_of(value.info), decrypt))
        return value if isinstance(value, dict) and value.get("Filter") == "Standard" else self._walk(number, value, decrypt)

    def decrypt(self, number, value):
        return self._object(number, value, True)

    def encrypt(self, number, value):
        return self._object(number, value, False)
