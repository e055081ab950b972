"""Signs requests that read whole objects: AWS Signature Version 4, for this one kind of request and no other."""

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Final

NOTHING: Final = sha256(b"").hexdigest()
"""The hash of a body that is empty."""
_SIGNED: Final = "host;x-amz-content-sha256;x-amz-date"


class Signer:
    """Signs with the keys of `settings`; the key of a day is made once."""

    def __init__(self, region: str, access_key_id: str, secret_access_key: str) -> None:
        self._region = region
        self._access_key_id = access_key_id
        self._secret = f"AWS4{secret_access_key}".encode()
        self._day = ""
        self._key = b""

    def headers(self, host: str, path: str, now: datetime) -> dict[str, str]:
        """What makes `GET path` (encoded as it is sent) a request of ours; `now` is in UTC."""
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{self._region}/s3/aws4_request"
        signed = {"host": host, "x-amz-content-sha256": NOTHING, "x-amz-date": stamp}
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        asked = f"GET\n{path}\n\n{lines}\n{_SIGNED}\n{NOTHING}"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(asked.encode()).hexdigest()}"
        signature = hmac.digest(self._key_of(stamp[:8]), text.encode(), "sha256").hex()
        who = f"Credential={self._access_key_id}/{scope}, SignedHeaders={_SIGNED}, Signature={signature}"
        return {**signed, "Authorization": f"AWS4-HMAC-SHA256 {who}"}

    def _key_of(self, day: str) -> bytes:
        if day != self._day:
            key = self._secret
            for part in (day, self._region, "s3", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._day, self._key = day, key
        return self._key
