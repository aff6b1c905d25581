"""Any bytes as a request are read or refused, and never cause a crash."""

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.core.origin import OriginRule
from gochat_py.http.requests import MAX_HEAD, Request, end_of_head, parse
from gochat_py.http.resources import is_room
from gochat_py.http.responses import HttpProblem
from gochat_py.http.static.assets import has, prefers_gzip
from gochat_py.http.upgrade import Doorkeeper
from tests.support.case import TestCase
from tests.support.edge import UPGRADE

words = st.binary(max_size=40)
names = st.sampled_from([name.encode() for name in UPGRADE]) | st.sampled_from(
    [b"Origin", b"Expect", b"Content-Length", b"Transfer-Encoding", b"Sec-WebSocket-Extensions"]
)
values = words | st.sampled_from(
    [value.encode() for value in UPGRADE.values()]
    + [b"chunked", b"100-continue", b"0", b"5", b"permessage-deflate; client_max_window_bits=x"]
)
targets = words | st.sampled_from(
    [b"/", b"/ws", b"*", b"http://a/", b"/r/%E4%B8%AD", b"/%ff", b"/%"]
)
codings = st.sampled_from(
    [b"chunked", b"Chunked", b"gzip", b"identity", b"xchunked", b"chunked;q=1", b'"chunked"']
)
versions = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.1 ", b""]) | words


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """A head that is nearly one."""
    first = b" ".join([draw(st.sampled_from([b"GET", b"POST", b"OPTIONS"]) | words), draw(targets)])
    lines = [first + b" " + draw(versions)]
    good = draw(st.booleans())
    headers = list(UPGRADE.items()) if good else []
    lines += [f"{name}: {value}".encode() for name, value in headers]
    lines += [b"%s: %s" % pair for pair in draw(st.lists(st.tuples(names, values), max_size=4))]
    return b"\r\n".join([*lines, b"", b""])


def read(data: bytes) -> Request | None:
    """The request in `data` as the handler reads it, None if it is refused or not whole."""
    try:
        end = end_of_head(bytearray(data), 0)
        return parse(data[:end]) if end is not None else None
    except HttpProblem as error:
        assert 400 <= error.response.status < 600
        assert error.response.encode(close=True).startswith(b"HTTP/1.1 ")
        return None


class RequestProperties(TestCase):
    @given(heads() | st.binary(max_size=200))
    def test_a_head_is_read_or_refused(self, data: bytes) -> None:
        request = read(data)
        if request is None:
            return
        doorkeeper = Doorkeeper(OriginRule(()), (), 65_536)
        try:
            agreement = doorkeeper.admit(request, [], None)
        except HttpProblem as error:
            self.assertGreaterEqual(error.response.status, 400)
        else:
            self.assertTrue(agreement.reply.startswith(b"HTTP/1.1 101 "))
            self.assertEqual(agreement.reply.count(b"\r\n\r\n"), 1)

    @given(
        st.lists(st.lists(codings, max_size=3), min_size=1, max_size=3),
        st.booleans(),
        st.sampled_from([b"HTTP/1.1", b"HTTP/1.0"]),
    )
    def test_only_a_body_that_is_only_chunked_is_accepted(self, lists, length, version):
        """What one server takes for one request, another may take for two (RFC 9112, 11.2)."""
        lines = [b"POST / " + version, b"Host: a", *([b"Content-Length: 5"] if length else [])]
        lines += [b"Transfer-Encoding: " + b", ".join(each) for each in lists]
        said = [coding.lower() for each in lists for coding in each]
        taken = said == [b"chunked"] and len(lists) == 1 and not length and version == b"HTTP/1.1"
        try:
            parse(b"\r\n".join([*lines, b"", b""]))
        except HttpProblem as refusal:
            self.assertFalse(taken)
            self.assertIn(refusal.response.status, (400, 501))
            if b"chunked" in said[:-1]:  # RFC 9112, 6.3: it must be 400
                self.assertEqual(refusal.response.status, 400)
        else:
            self.assertTrue(taken)

    @given(heads(), st.integers(min_value=0))
    def test_the_end_of_a_head_is_found_wherever_the_search_continues(self, data, cut) -> None:
        whole = bytearray(data)
        try:
            end = end_of_head(whole, 0)
            begun = end_of_head(whole[: cut % (len(whole) + 1)], 0)
        except HttpProblem:
            return
        if begun is None:
            self.assertEqual(end_of_head(whole, cut % (len(whole) + 1)), end)

    @given(st.binary(max_size=100), st.sampled_from([b"x", b"\n", b"a: b\r\n", b"\r\n"]))
    def test_no_head_is_longer_than_the_limit(self, begin: bytes, filler: bytes) -> None:
        try:
            end = end_of_head(bytearray(begin + filler * (MAX_HEAD + 1)), 0)
        except HttpProblem as error:
            self.assertIn(error.response.status, (414, 431))
        else:
            assert end is not None
            self.assertLessEqual(end, MAX_HEAD)

    @given(st.text(), st.text())
    def test_no_header_of_a_file_s_request_can_crash_it(self, header: str, etag: str) -> None:
        prefers_gzip(header)
        has(header, etag)
        self.assertIn(is_room(header), (True, False))
