"""Leave messages for the next process: shared memory, message queues, abstract and Internet sockets.

Family: processes
Must fail: each process has these names for itself, and they go with it.
Proof: (exit status 17)
Absent: FOUND-WHAT-I-LEFT
"""

# %% double_forward
import ctypes
import os
import socket
import time
from multiprocessing import shared_memory

libc = ctypes.CDLL(None, use_errno=True)
KEY, NAME, PORT = 0x6E6E6B74, "{LITTER}-mailbox", 47474
found = []
for flags in (0o600, 0o1600):
    for make, remove in (
        (lambda: libc.shmget(KEY, 4096, flags), libc.shmctl),
        (lambda: libc.msgget(KEY, flags), libc.msgctl),
        (lambda: libc.semget(KEY, 1, flags), lambda number, *_: libc.semctl(number, 0, 0)),
    ):
        number = make()
        if number >= 0 and flags == 0o600:
            found.append(remove(number, 0, 0))
try:
    found.append(shared_memory.SharedMemory(NAME).unlink())
except OSError:
    try:
        kept = shared_memory.SharedMemory(NAME, create=True, size=4096)
    except OSError as error:
        print(error)
for family, address in ((socket.AF_UNIX, f"\0{NAME}"), (socket.AF_INET, ("127.0.0.1", PORT))):
    with socket.socket(family) as caller:
        if caller.connect_ex(address) == 0:
            found.append(address)
            continue
    if os.fork() == 0:
        listener = socket.socket(family)
        listener.bind(address)
        listener.listen()
        time.sleep(20)
        os._exit(0)
if found:
    print("FOUND-" + "WHAT-I-LEFT", found)

# %% Net
import os
import time

time.sleep(0.5)
os._exit(17)
