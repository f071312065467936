"""Secrets in free text: by their own shape, or by the name in front of them.

Every pattern begins where nothing of its kind stands before, and never goes back over what it took, so that a
hostile text costs no more than its length.
"""

import re

from viber.observability._sensitive_names import SensitiveNames

MARK = "[redacted]"

_BY_SHAPE = re.compile(
    r"""
    (?<![\w-]) (?:
        ey[A-Z] (?: [\w+/-]{12,}+ (?:\.[\w-]*+)* =* | [\w-]++ (?:\.[\w-]*+)+ )  # a JWT, or JSON in base64
      | AIza [\w-]{30,}+
      | (?:sb_secret_|sb_publishable_|sbp_|whs(?:ec|k)_|gh[opsru]_|github_pat_) [\w+/=-]++
      | (?:v1,)?whsec_ [\w+/=-]++
      | sk- [\w-]{16,}+ | xox[abeprs]- [\w-]{8,}+ | (?:AKIA|ASIA) [A-Z0-9]{12,}+
      | -----BEGIN\ [A-Z\ ]{1,40}PRIVATE\ KEY----- (?:[^-]++|-(?!----))*+ (?:-----END\ [A-Z\ ]{1,40}-----)?
      | \d{3}-\d{2}-\d{4} (?![\w-])                      # a social security number
    )
    | (?<=://) [^\s/@:?\#]{0,256}+ : [^\s/@]{1,256}+ (?=@) # user:password in a URL
    """,
    re.VERBOSE,
)
_BY_SCHEME = re.compile(
    r"(?i)(?<![\w-])(bearer|basic|digest)(\s{1,8}+)((?<=bearer.)[^\s\"',;]++|[\w.~+/=:-]{8,}+)"
)
_WHOLE_LINE = re.compile(
    r"(?i)(?<![\w-])((?:set-)?cookie2?|(?:proxy-)?authorization)([\"']?\s{0,8}+[:=,]\s{0,8}+)([^\r\n\"']++)"
)
_PAIR = re.compile(
    r"""(?i)(["'](?:name|key|header)\\?["']\s{0,8}+:\s{0,8}+\\?["'])([\w.-]{1,64}+)"""
    r"""(\\?["']\s{0,8}+,\s{0,8}+\\?["']value\\?["']\s{0,8}+:\s{0,8}+\\?["'])([^"'\\\r\n]++)"""
)
_QUERY_KEY = re.compile(r"(?<=[?&])(key=)[^\s&#\"']++")
_NAME = re.compile(r"""(?<![\w.-])([\w.-]{1,64}+)\\?["']?\s{0,8}+(?:[:=]|,(?=\s{0,8}b?\\?["']))\s{0,8}+b?""")
_VALUE = re.compile(r"""(\\?")((?:[^"\\]|\\(?!"))++)|(')([^'\r\n]++)|()(\[redacted\]|[^\s"',;&\#}\])]++)""")
_DIGITS = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}+(?![\w-])")
_GAP = re.compile(r"[ -]")
_SHORTEST_CARD, _LONGEST_CARD = 13, 19


_digits = re.compile(r"\d{3}-\d\d-|\d[\d -]{11}").search
_SIGNS = (
    *("=", ":", "',", '",'),
    *("ey", "_", "sk-", "-----", "xox", "aiza", "akia", "asia"),
    *("bearer", "basic", "digest", "cookie", "authorization"),
)
_SHORTEST, _LONG_WORD = 4, 15
_BRIEF = 12
"""Characters of a text that is too short for any secret without a mark of its own."""
_words = re.compile(r"(?:[A-Za-z0-9]{1,11}+(?:[ ,;!?/()]++|\Z))*+").fullmatch


def may_hold_secret(text: str) -> bool:
    """A quick look: False for most texts that hold none."""
    if len(text) <= _BRIEF:
        if len(text) < _SHORTEST:
            return False
        if _words(text):
            return "," in text or "bearer" in text.lower()
    if text.isalpha() and len(text) < _LONG_WORD:
        return False
    lowered = text.lower()
    for sign in _SIGNS:
        if sign in lowered:
            return True
    return _digits(text) is not None


def without_secrets(text: str, names: SensitiveNames) -> str:
    """The text with every secret that can be told by its shape or its name replaced by a mark."""
    text = _BY_SHAPE.sub(MARK, text)
    text = _WHOLE_LINE.sub(rf"\1\2{MARK}", text)
    text = _BY_SCHEME.sub(rf"\1\2{MARK}", text)
    text = _QUERY_KEY.sub(rf"\1{MARK}", text)
    text = _PAIR.sub(lambda found: _of_pair(found, names), text)
    text = _by_name(text, names)
    return _DIGITS.sub(_of_digits, text)


def _by_name(text: str, names: SensitiveNames) -> str:
    pieces: list[str] = []
    kept = 0
    for found in _NAME.finditer(text):
        is_name = found.start() >= kept and ("," not in found[0] or _begins_pair(text, found.start()))
        judgement = names.judge(found[1]) if is_name else "plain"
        if judgement == "plain" or (value := _VALUE.match(text, found.end())) is None:
            continue
        if judgement == "count" and value[value.lastindex or 0].strip("-+").isdecimal():
            continue
        pieces += [text[kept : found.end()], value[1] or value[3] or "", MARK]
        kept = value.end()
    return "".join([*pieces, text[kept:]]) if pieces else text


def _of_digits(found: re.Match[str]) -> str:
    """A card number may be followed by digits that are not its own, such as its check value."""
    digits = found[0]
    ends = (len(digits), *(gap.start() for gap in _GAP.finditer(digits, _SHORTEST_CARD)))
    end = next((end for end in ends if is_card(digits[:end])), 0)
    return f"{MARK}{digits[end:]}" if end else digits


def _begins_pair(text: str, start: int) -> bool:
    """Whether a text in front of a comma is the first of a pair, such as `('authorization', ...)`."""
    return text[max(0, start - 3) : start].rstrip("b\"'\\")[-1:] in ("(", "[")


def _of_pair(found: re.Match[str], names: SensitiveNames) -> str:
    return found[0] if names.judge(found[2]) == "plain" else f"{found[1]}{found[2]}{found[3]}{MARK}"


def is_card(text: str) -> bool:
    """Whether these digits are a card number, by their check digit (Luhn, ISO/IEC 7812).

    Example:
        >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112")
        (True, False)
    """
    digits = [int(char) for char in text if char.isdigit()]
    if not _SHORTEST_CARD <= len(digits) <= _LONGEST_CARD or len(set(digits)) == 1:
        return False
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2])  # noqa: PLR2004 - Luhn's rule
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
