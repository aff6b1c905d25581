"""The page's files: read from `web/`, made smaller, and served.

`assets` is the table of files and their answers; `bundle` joins the modules and style sheets that
the page starts with; `minify` removes comments and indentation.
"""
