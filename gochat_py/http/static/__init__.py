"""The page's files: what is read from `web/`, how it is made smaller, and how it is served.

`assets` is the table of files and their answers; `bundle` joins the modules and style sheets that
the page starts with; `minify` takes out comments and indentation.
"""
