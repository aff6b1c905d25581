"""RFC 6455 and RFC 7692, case by case: the Autobahn suite's cases, driven by kosoku.

``python -m tests.conformance [CASE …]`` runs all 517, or those named (globs work), against a small
echo application on this project's own connections, and prints what each was judged to be.
"""
