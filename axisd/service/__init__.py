"""The services: asyncio over ports. They know what happens when, and no library."""
