import signal

# Until the command line takes notice of Ctrl-C, it ends the program at once, without a traceback.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from upscaler.cli import main

raise SystemExit(main())
