"""RFC 6455 and RFC 7692: the cases of the Autobahn suite, run by kosoku.

``python -m tests.conformance [CASE …]`` runs all 517, or those named (globs work), against a small
echo application on this project's own connections, and prints what each was judged to be.
"""
