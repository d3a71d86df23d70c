"""One operation of aioftp: PORT OPERATION."""

import asyncio
import sys

import aioftp


async def main():
    port, operation = sys.argv[1:]
    async with aioftp.Client.context("127.0.0.1", int(port), "test", "test1234") as client:
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
