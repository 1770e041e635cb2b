"""A stand-in for the part of AWS that IAM Roles Anywhere needs, for demonstrations and tests.

It verifies each CreateSession as AWS documents it and shares no code with rolebound's own client, so that one mistake
cannot pass twice: nothing here imports anything else of rolebound, and only `rolebound emulate` imports this.
"""

from rolebound.emulator.accounts import AccessKey
from rolebound.emulator.example import Example, make_example
from rolebound.emulator.faults import Fault
from rolebound.emulator.lifecycle import Emulator, Settings
from rolebound.emulator.request_log import RequestRecord

__all__ = ["AccessKey", "Emulator", "Example", "Fault", "RequestRecord", "Settings", "make_example"]
