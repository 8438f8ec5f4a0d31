"""Septet's studio: `python app.py` opens the page; see --help."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path

from pipelines.errors import SeptetError, StudioError
from studio import words
from studio.access.setup import add_flags, checked
from studio.paths import DataFolder
from studio.quick_import import without_type_stubs

PAGE_FIRST = 6.0  # seconds; on two cores, a model loading beside the page would double the wait for it


def main(arguments: list[str] | None = None) -> int:
    """Serve the studio until it is interrupted; the exit status."""
    flags = _flags().parse_args(arguments)
    data = DataFolder(Path(flags.data).expanduser().resolve()) if flags.data else DataFolder.default()
    try:
        _serve(flags, data)
    except KeyboardInterrupt:  # uvicorn mostly raises it once more after an orderly end
        pass
    except SeptetError as error:
        print(error, file=sys.stderr)
        return 1
    print(words.STOPPED, flush=True)
    return 0


def _flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python app.py", description=words.TAGLINE)
    parser.add_argument("--model", help="a catalogue name or a folder; the largest model on disk if left out")
    parser.add_argument("--data", help="the folder that keeps clips, inputs and models")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps (default: %(default)s)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    add_flags(parser)
    return parser


def _serve(flags: argparse.Namespace, data: DataFolder) -> None:
    limits = checked(flags)
    listener = _listen(flags.host, flags.port)
    data.create()
    # before gradio is imported: it reads these once
    os.environ["GRADIO_TEMP_DIR"] = str(data.uploads)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    from studio.jobs.desk import JobDesk

    with listener, JobDesk(data, flags.model, flags.device, personal=limits.jobs) as desk:
        desk.start(PAGE_FIRST)

        import uvicorn

        with without_type_stubs():
            from pipelines.media.confined import get_ready
            from studio.access.entrance import entrance
            from studio.access.patience import Impatient
            from studio.server import build_app
            from studio.shelf import Shelf

        app = build_app(Shelf(desk), entrance(flags, data, limits))
        address = f"http://{'localhost' if flags.host == '::1' else flags.host}:{listener.getsockname()[1]}"
        print(words.RUNNING_AT.format(url=address, data=data.root), flush=True)
        _later(PAGE_FIRST, get_ready)
        if not flags.no_browser:
            threading.Thread(target=_open, args=(address,), daemon=True).start()
        # the gate reads what proxies say of a request, and whom to believe; no line per request: they hold names
        config = uvicorn.Config(
            app,
            http=Impatient,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        logging.getLogger("uvicorn.error").addFilter(_is_news)
        uvicorn.Server(config).run(sockets=[listener])


def _is_news(record: logging.LogRecord) -> bool:
    """Not what uvicorn says, with a traceback each, of pages that are still open when the studio is stopped."""
    left_open = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not left_open and "timeout graceful shutdown exceeded" not in str(record.msg)


def _later(seconds: float, what: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, what)
    timer.daemon = True
    timer.start()


def _open(address: str) -> None:
    time.sleep(0.5)
    webbrowser.open(address)


def _listen(host: str, port: int) -> socket.socket:
    """The open socket, taken before anything is loaded. Raises StudioError if the port is in use."""
    # named TCP, because asyncio sends small answers at once only where it knows that; else each waits 40 ms for an ACK
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise StudioError(words.PORT_TAKEN.format(port=port, host=host)) from error
    except OverflowError as error:
        listener.close()
        raise StudioError(words.NO_SUCH_PORT.format(port=port)) from error
    return listener


if __name__ == "__main__":
    sys.exit(main())
