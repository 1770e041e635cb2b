"""aiobotocore with its default configuration."""

import asyncio

from aiobotocore.session import get_session
from loop import BUCKET, PAUSE, failed


async def main() -> None:
    """Make the calls in turn, until the program is ended."""
    session = get_session()
    async with session.create_client("sts") as identities, session.create_client("s3") as buckets:
        calls = {"sts": identities.get_caller_identity, "s3": lambda: buckets.list_objects_v2(Bucket=BUCKET)}
        while True:
            for name, call in calls.items():
                try:
                    await call()
                except Exception as error:  # noqa: BLE001 - whatever it is, it is what this program is asked about
                    failed(name, error)
                else:
                    print(name, "ok", flush=True)
                await asyncio.sleep(PAUSE)


asyncio.run(main())
