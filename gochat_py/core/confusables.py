"""Characters that look like another, as far as nicks are concerned.

The standard library has no such table. This is a small one of our own, of the look-alikes that
people meet and forgers use, after confusables.txt of Unicode Technical Standard #39
(https://www.unicode.org/Public/security/latest/confusables.txt). It serves case-folded text, so it
goes beyond that file in one way: a small letter also counts as what its capital looks like
(Cyrillic в as b, for the sake of В and B), unless it looks like a different one itself (Greek ν
as v, though Ν is like N: `names.check_nick` sees to those).
"""

from __future__ import annotations

#: What is compared, and what counts as it: each case-folded, and decomposed (NFKD).
_LOOKS_LIKE = {
    # Latin beyond ASCII, small capitals, Cyrillic, Greek, Armenian, Cherokee, Lisu, Coptic, digits
    "a": "ɑᴀаαᎪꓮⲁ",
    "b": "ƅʙвьβᏏᏴꓐⲃ",
    "c": "ᴄсᏟꓚⲥ",
    "d": "ᴅԁᎠᏧꓓꓒ",
    "e": "ꬲᴇеҽεᎬꓰⲉ℮",
    "f": "ꬵꞙꜰքꓝ",
    "g": "ɡᶃɢԍցᏀᏳꓖ",
    "h": "ʜһнհᏂᎻꓧⲏ",
    "j": "ᴊјϳᎫꓙ",
    "k": "ĸᴋкκᏦꓗⲕ",
    "l": "i1|ıɩɪʟǀіӏιᎥᏞꓡꓲⲓ∣",
    "n": "ɴηոռꓠⲛ",
    "o": "0ᴏᴑоοσօꓳⲟ०੦૦௦೦൦๐໐၀〇",
    "p": "ᴘрρᏢꓑⲣ",
    "q": "ԛգզ",
    "r": "ꭇꭈʀгᎡᏒꓣⲅ",
    "s": "ƽꜱѕՏᏕᏚꓢ",
    "t": "ᴛтτᎢꓔⲧ",
    "u": "ʋᴜꞟꭎꭒυսꓴ",
    "v": "ᴠѵνᏙꓦ∨",
    "w": "ɯᴡѡԝաᎳᏔꓪ",
    "x": "хχꓫⲭ×",
    "y": "ɣʏỿᶌуүγყᎩᎽꓬⲩ",
    "z": "ᴢζᏃꓜⲍ",
    "rn": "mᴍмμᎷꓟⲙ",
    "2": "ƨꙅϩ",
    "3": "ȝʒзӡɜⳍ",
    "4": "чᏎ",
    "6": "бᏮⳓ",
    "8": "ȣ৪੪",
    "9": "ꝯ৭੧୨൭ⳋ",
    "-": "‐‒–—―−⁃˗",
    "'": "`‘’‛′ʹʻʼʽˈ",
    '"': "“”‟",
    "·": "•‧∙⋅",
    ",": "‚",
    ":": "∶ː։",
    "~": "∼",
    "/": "⁄∕",
    "!": "ǃ",
}

#: For `str.translate`, on case-folded text in NFKD.
SKELETON: dict[int, str] = {
    ord(char): looks for looks, chars in _LOOKS_LIKE.items() for char in chars.casefold()
}
