"""Stand-in."""


def clean_line(text: str) -> str:
    """Stand-in."""
    return text
