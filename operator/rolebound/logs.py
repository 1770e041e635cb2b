"""Structured logs: one event name and named facts a line, ours and the libraries' alike.

Facts are names, reasons and instants. No request, response or object is ever logged whole, and the libraries that
could print one are held at warnings.
"""

import logging
import sys

import structlog
from structlog.typing import Processor


def _is_no_refusal(record: logging.LogRecord) -> bool:
    """Whether a record is not kopf's word on a refused pod, which would be an error of ours: `pod_refused` says it."""
    return not record.getMessage().startswith("Webhook '")


def configure(log_format: str, log_level: str) -> None:
    """Send logs to standard error as JSON lines or as text."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(log_level.upper())
    logging.getLogger("kopf.objects").addFilter(_is_no_refusal)
    # At debug they would print requests and responses, and with them credentials.
    for library in ("botocore", "boto3", "urllib3", "aiohttp", "kopf", "kubernetes", "asyncio"):
        logging.getLogger(library).setLevel(max(logging.getLevelName(log_level.upper()), logging.WARNING))
