"""Runs a program of the examples. The process ends when its standard input closes, so it cannot outlive the tests that started it."""

import os
import runpy
import sys
import threading


def end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_standard_input, daemon=True).start()
runpy.run_path(sys.argv[1], run_name="__main__")
