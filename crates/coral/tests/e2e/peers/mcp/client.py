"""Asks a colony with the official client for Python, and prints what it was told as JSON.

    client.py MODE http URL
    client.py MODE stdio PROGRAM ARGUMENT...

MODE is `auto` (the newest revision of the protocol) or `legacy` (revisions with `initialize`).
"""

import asyncio
import json
import sys

from mcp import Client, MCPError, StdioServerParameters
from mcp.types import PromptReference


async def main(mode, kind, target, *arguments):
    if kind == "stdio":
        target = StdioServerParameters(command=target, args=list(arguments))
    async with Client(target, mode=mode) as client:
        tools = await client.list_tools()
        why = await client.call_tool("why", {"service": "payments-api"})
        found = await client.call_tool("search", {"q": "service:payments-api", "limit": 1})
        wrong = await client.call_tool("why", {"since": "soon"})
        prompt = await client.get_prompt("investigate", {"service": "payments-api"})
        reference = PromptReference(type="ref/prompt", name="investigate")
        completed = await client.complete(reference, {"name": "service", "value": "pay"})
        templates = await client.list_resource_templates()
        text = found.content[0].text
        trace = text.split('trace {"id":"')[1].split('"')[0]
        resource = await client.read_resource("coral://trace/" + trace)
        try:
            await client.call_tool("drop_everything", {})
            unknown = ""
        except MCPError as error:
            unknown = str(error)
        told = {
            "version": client.protocol_version,
            "server": client.server_info.name,
            "tools": [tool.name for tool in tools.tools],
            "why": why.content[0].text,
            "wrong": [wrong.is_error, wrong.content[0].text],
            "prompt": prompt.messages[0].content.text,
            "completed": completed.completion.values,
            "template": templates.resource_templates[0].uri_template,
            "resource": resource.contents[0].text,
            "unknown": unknown,
        }
        print(json.dumps(told))


asyncio.run(main(*sys.argv[1:]))
