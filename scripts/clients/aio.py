"""One operation of aioftp: PORT OPERATION SECURITY, where SECURITY is tls or anything else."""

import asyncio
import ssl
import sys

import aioftp


async def main():
    port, operation, security = sys.argv[1:]
    client = aioftp.Client()
    await client.connect("127.0.0.1", int(port))
    if security == "tls":
        # The certificate was made a moment ago, and nobody vouches for it.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        await client.upgrade_to_tls(context)
    await client.login("test", "test1234")
    await perform(client, operation)
    await client.quit()


async def perform(client, operation):
    match operation:
        case "list":
            for path, _ in await client.list():
                print(path)
        case "get":
            await client.download("body.bin", "down.bin", write_into=True)
        case "put":
            await client.upload("up.bin", "new.bin", write_into=True)
        case "resume":
            with open("down.bin", "ab") as file:
                async with client.download_stream("body.bin", offset=file.tell()) as stream:
                    async for block in stream.iter_by_block():
                        file.write(block)
        case "rename":
            await client.rename("old name.txt", "new name.txt")
        case "mkdir":
            await client.make_directory("made")


asyncio.run(main())
