#!/usr/bin/python3
"""inetd.py PORT PROGRAM...: runs PROGRAM for each connection to 127.0.0.1, as inetd would."""
import os
import signal
import socket
import sys

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=128)
while True:
    connection, _ = listener.accept()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        os.dup2(connection.fileno(), 0)
        os.dup2(connection.fileno(), 1)
        os.execvp(sys.argv[2], sys.argv[2:])
    connection.close()
