# SPDX-License-Identifier: Apache-2.0
"""tunnel.py client|server CERTIFICATES LISTEN TARGET: TLS for programs that speak none, as stunnel does in hospitals. A client
takes plain connections at port LISTEN and calls port TARGET with TLS and a certificate; a server takes TLS, asks for a
certificate, and calls TARGET in the clear. Both on 127.0.0.1; until its input ends."""
import asyncio
import ssl
import sys

kind, certificates, listen, target = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if kind == "client" else ssl.PROTOCOL_TLS_SERVER)
    name = "client" if kind == "client" else "server"
    made.load_cert_chain(f"{certificates}/{name}.pem", f"{certificates}/{name}.key")
    made.load_verify_locations(f"{certificates}/ca.pem")
    made.verify_mode = ssl.CERT_REQUIRED
    return made


async def pump(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def connected(reader, writer):
    try:
        outward = {"ssl": context(), "server_hostname": "localhost"} if kind == "client" else {}
        there, back = await asyncio.open_connection("127.0.0.1", target, **outward)
    except OSError:
        return writer.close()
    await asyncio.gather(pump(reader, back), pump(there, writer))


async def main():
    inward = {"ssl": context()} if kind == "server" else {}
    server = await asyncio.start_server(connected, "127.0.0.1", listen, **inward)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
