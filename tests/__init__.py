"""The tests of gochat_py."""

import signal

# Started with nohup, a process ignores SIGHUP, and so do the servers that it starts.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
