"""Takes the place of `pulumi-language-python`: with it the real CLI runs a folder's `__main__.py`, as users have it.

The engine starts it, reads the port that it prints, and asks it to run the program.
"""

import os
import runpy
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto.language_pb2_grpc import add_LanguageRuntimeServicer_to_server


class Host(LanguageServer):
    """The SDK's own server for programs in the same process, given a program that is a folder."""

    def __init__(self):
        super().__init__(lambda: None)

    def Run(self, request, context):
        folder = Path(request.info.program_directory or request.pwd)
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        self.program = lambda: runpy.run_path(str(folder / "__main__.py"), run_name="__main__") and None
        return super().Run(request, context)


def install(folder):
    """Makes it a command in a folder for the PATH."""
    command = folder / "pulumi-language-python"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "$@"\n')
    command.chmod(0o755)


def main():
    for number in (signal.SIGINT, signal.SIGTERM):  # how the engine ends it
        signal.signal(number, lambda *_: os._exit(0))
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    add_LanguageRuntimeServicer_to_server(Host(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
