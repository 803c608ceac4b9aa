"""The web process's answers over real sockets: in one piece, in order, and whole when the line is closed at once."""

import asyncio
import socket
import threading
import time
from unittest.mock import Mock

import pytest
import uvicorn
import uvloop
from uvicorn.server import ServerState
from websockets.asyncio.client import connect

from bot.server import MOST_KEPT, WholeResponses

BIG = b"x" * 3_000_000


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        message = await receive()
        await send({"type": "websocket.send", "text": message["text"]})
        await send({"type": "websocket.close"})
        return
    path = scope["path"]
    length = [] if path == "/pieces" else [(b"content-length", b"%d" % (len(BIG) if path == "/big" else 5))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    if path == "/big":
        await send({"type": "http.response.body", "body": BIG})
    elif path == "/pieces":
        for piece in (b"one", b"two", b"three"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def port(request):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, http=WholeResponses, log_config=None, lifespan="off"))
        serving = threading.Thread(target=lambda: request.param(server.serve(sockets=[listening])))
        serving.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        serving.join()


@pytest.fixture
async def line():
    """A connection whose transport only writes down what it gets."""
    protocol = WholeResponses(config=uvicorn.Config(app, log_config=None), server_state=ServerState(), app_state={}, _loop=asyncio.get_running_loop())
    transport = Mock(spec=asyncio.Transport)
    transport.get_extra_info.return_value = None
    protocol.connection_made(transport)
    return protocol, transport


async def asked(port, path, headers=b""):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 23)
    writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: h\r\n" + headers + b"\r\n")
    return reader, writer


async def test_head_and_body_come_together(port):
    reader, writer = await asked(port, b"/")
    for _ in range(5):
        assert (await reader.read(1 << 16)).endswith(b"\r\n\r\nhello")
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    writer.close()


async def test_two_requests_at_once_are_answered_in_order(port):
    reader, writer = await asked(port, b"/pieces")
    writer.write(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    said = await reader.read(-1)
    assert said.index(b"three") < said.index(b"0\r\n\r\n") < said.index(b"hello")
    writer.close()


@pytest.mark.parametrize(("path", "body"), [(b"/", b"hello"), (b"/big", BIG)])
async def test_nothing_is_lost_when_the_line_is_closed_after_it(port, path, body):
    reader, writer = await asked(port, path, b"Connection: close\r\n")
    said = await reader.read(-1)
    assert said.partition(b"\r\n\r\n")[2] == body
    writer.close()


async def test_a_stream_arrives_piece_by_piece(port):
    reader, writer = await asked(port, b"/pieces")
    await reader.readuntil(b"one")
    assert b"two" not in await reader.readuntil(b"\r\n")
    assert (await reader.readuntil(b"0\r\n\r\n")).count(b"three") == 1
    writer.close()


async def test_what_is_no_request_is_refused(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x16\x03\x01 nonsense\r\n\r\n")
    assert (await reader.read(-1)).startswith(b"HTTP/1.1 400")
    writer.close()


async def test_sockets_speak_as_before(port):
    async with connect(f"ws://127.0.0.1:{port}/socket") as line:
        await line.send("도와주세요")
        assert await line.recv() == "도와주세요"


async def test_who_says_no_more_still_gets_what_was_kept(line):
    protocol, transport = line
    protocol.transport.write(b"hel")
    protocol.transport.write(b"lo")
    protocol.eof_received()
    transport.write.assert_called_once_with(b"hello")


async def test_nothing_is_written_to_a_line_that_is_gone(line):
    protocol, transport = line
    protocol.transport.write(b"hello")
    protocol.connection_lost(ConnectionResetError())
    await asyncio.sleep(0.01)
    transport.write.assert_not_called()


async def test_much_goes_at_once_so_that_a_slow_reader_is_noticed(line):
    protocol, transport = line
    protocol.transport.write(b"x" * MOST_KEPT)
    transport.write.assert_not_called()
    protocol.transport.write(b"y")
    transport.write.assert_called_once_with(b"x" * MOST_KEPT + b"y")
    protocol.transport.write(b"z")
    await asyncio.sleep(0.01)
    assert transport.write.call_args_list[1].args == (b"z",)
