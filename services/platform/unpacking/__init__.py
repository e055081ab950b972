"""What was sent, taken apart into an environment's repository: for an upload to bring in, or to become a backup."""

from services.platform.unpacking.checking import check_sum
from services.platform.unpacking.reception import Reception
from services.platform.unpacking.unpacking import Source, Unpacked, unpack

__all__ = ["Reception", "Source", "Unpacked", "check_sum", "unpack"]
