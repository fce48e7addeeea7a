"""Makes `soarapps package build` fetch a few wheels at a time, with a longer timeout. It fetches all at once, and fails if one
connection takes 10 s, as registries with a limit of connections make it."""

import asyncio

import httpx

get = httpx.AsyncClient.get
places = asyncio.Semaphore(8)


async def patient(self, url, **options):
    async with places:
        return await get(self, url, **{**options, "timeout": 60})


httpx.AsyncClient.get = patient
