"""Open doors: listen on every address, on a path and on an abstract name, and show a web page to whoever comes.

Family: network
Must fail: nobody outside can reach its network, nor its paths, and they end with it.
"""

# %% double_forward
import os
import socket
import threading

places = [
    (socket.AF_INET, ("0.0.0.0", {PORT})),
    (socket.AF_INET6, ("::", 8000)),
    (socket.AF_UNIX, "{TMP}/{LITTER}-door"),
    (socket.AF_UNIX, "/tmp/{LITTER}-door"),
    (socket.AF_UNIX, "{PATH_SOCKET}"),
    (socket.AF_UNIX, "\0{LITTER}-door"),
]


def welcome(listener):
    for _ in range(10):
        caller, _ = listener.accept()
        caller.sendall(b"HTTP/1.0 200 OK\r\n\r\n<script>steal()</script>")


for family, place in places:
    try:
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(place)
        listener.listen()
        threading.Thread(target=welcome, args=(listener,), daemon=True).start()
    except OSError as error:
        print(place, error)
print("ATTEMPTED")
