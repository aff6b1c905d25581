"""Paths are routed by the table."""

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.http.resources import TABLE
from gochat_py.http.routes import Routes
from tests.support.case import TestCase
from tests.support.edge import Edge, request

ROUTES = Routes(
    (
        ("GET", "/", "root"),
        ("GET", "/a/{one}", "get one"),
        ("DELETE", "/a/{one}", "delete one"),
        ("POST", "/a/{one}/b/{two}", "post two"),
        ("GET", "/a/exact", "exact"),
        ("GET", "/files/{path*}", "file"),
        ("GET", "/a.b", "dot"),
    )
)


class FindTest(TestCase):
    def found(self, method: str, path: str) -> tuple[str | None, dict[str, str]] | None:
        found = ROUTES.find(path)
        return None if found is None else (found.target(method), dict(found.names))

    def test_a_name_in_a_pattern_matches_one_nonempty_segment(self) -> None:
        self.assertEqual(self.found("GET", "/a/x"), ("get one", {"one": "x"}))
        self.assertEqual(self.found("POST", "/a/x/b/y z"), ("post two", {"one": "x", "two": "y z"}))
        for path in ("/a/", "/a", "/a/x/", "/a/x/b/", "/a//b/y", "/a/x/b/y/z", "a/x", "", "//"):
            self.assertIsNone(ROUTES.find(path), path)

    def test_a_name_with_a_star_matches_the_rest_of_the_path(self) -> None:
        self.assertEqual(self.found("GET", "/files/a/b.c"), ("file", {"path": "a/b.c"}))
        self.assertEqual(self.found("GET", "/files/a\nb"), ("file", {"path": "a\nb"}))
        self.assertIsNone(ROUTES.find("/files/"))

    def test_a_pattern_without_names_comes_first(self) -> None:
        self.assertEqual(self.found("GET", "/a/exact"), ("exact", {}))
        self.assertEqual(self.found("GET", "/a.b"), ("dot", {}))
        self.assertIsNone(ROUTES.find("/aXb"))
        self.assertEqual(self.found("GET", "/a/{one}"), ("get one", {"one": "{one}"}))

    def test_get_includes_head_and_each_method_has_its_target(self) -> None:
        self.assertEqual(self.found("HEAD", "/a/x"), ("get one", {"one": "x"}))
        self.assertEqual(self.found("DELETE", "/a/x"), ("delete one", {"one": "x"}))
        self.assertEqual(self.found("POST", "/a/x"), (None, {"one": "x"}))
        self.assertEqual(self.found("HEAD", "/a/x/b/y"), (None, {"one": "x", "two": "y"}))
        self.assertEqual(ROUTES.methods(), ["GET", "HEAD", "DELETE", "POST", "OPTIONS"])

    def test_a_contradictory_table_is_refused(self) -> None:
        for rows in (
            (("GET", "/", 1), ("GET", "/", 2)),
            (("HEAD", "/", 1),),
            (("OPTIONS", "/", 1),),
            (("BREW", "/", 1),),
            (("GET", "/{path*}/end", 1),),
        ):
            with self.assertRaises(ValueError):
                Routes(rows)

    @given(st.text("/abx.{}*\n é", max_size=12))
    def test_each_path_matches_at_most_one_pattern(self, path: str) -> None:
        found = ROUTES.find(path)
        if found is not None:
            spelled = found.pattern
            for name, value in found.names.items():
                self.assertTrue(value)
                spelled = spelled.replace(f"{{{name}*}}", value).replace(f"{{{name}}}", value)
            if not any("{" in value for value in found.names.values()):
                self.assertEqual(spelled, path)


class AnswerTest(TestCase):
    """The real table, through a real connection."""

    def test_a_405_lists_the_methods_of_the_path(self) -> None:
        with Edge() as edge:
            for path in ("/", "/r/lobby", "/ws", "/assets/js/a.js", "/sw.js", "/readyz", "*"):
                answer = edge.ask(request("OPTIONS", path))
                self.assertEqual(answer.status, 204, path)
                self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS", path)
            for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE"):
                answer = edge.ask(request(method, "/healthz"))
                self.assertEqual(answer.status, 405)
                self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS")
                self.assertIn(b"This path allows only GET and HEAD.", answer.body)

    def test_an_unknown_path_has_no_methods(self) -> None:
        with Edge() as edge:
            for path in (
                "/nothing",
                "/r/no%20room",
                "/r/no%20room/",
                "/r/lobby//",
                "/r/a/b",
                "/assets/x.js",
                "/sw.js/",
                "/R/a",
            ):
                for method in ("GET", "HEAD", "POST", "OPTIONS"):
                    with self.subTest(path=path, method=method):
                        self.assertEqual(edge.ask(request(method, path), method).status, 404)

    def test_each_row_of_the_table_is_answered(self) -> None:
        with Edge() as edge:
            for method, pattern in TABLE.rows:
                path = pattern.replace("{room}", "lobby").replace("{file*}", "css/a.css")
                self.assertIn(edge.ask(request(method, path)).status, (200, 308, 426), pattern)
