"""What looks like a secret: by the form that its issuer gives it, or by its name and its disorder."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

# Secrets that say what they are, by the first characters that their issuer gives them.
KNOWN = {
    "an AWS access key": r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",
    "a GitHub token": r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40,})",
    "a GitLab token": r"\bglpat-[\w-]{20}",
    "a Slack token": r"\bxox[abprs]-[\w-]{10,}",
    "a Slack webhook": r"hooks\.slack\.com/services/T\w+/B\w+/\w+",
    "a Google API key": r"\bAIza[\w-]{35}\b",
    "a Stripe key": r"\b[sr]k_live_\w{20,}",
    "an OpenAI or Anthropic key": r"\bsk-(ant-|proj-)[\w-]{20,}",
    "a Hugging Face token": r"\bhf_[A-Za-z]{34}\b",
    "a private key": r"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----",
    "a password in an address": r"\b[a-z][a-z+]+://[\w.-]+:(?!\$|\{|<|\*|%|x+@|password@|pass@|secret@)[^\s:@/'\"]{6,}@",
}
KNOWN_PATTERNS = {what: re.compile(pattern) for what, pattern in KNOWN.items()}
ANY = re.compile("|".join(f"(?:{pattern})" for pattern in KNOWN.values()))
NAMED = re.compile(
    r"(?i)(^|_)(password|passwd|secret|secret_?key|api_?key|access_?key|auth_?token|token|private_?key)$"
)
PLAINLY_NONE = re.compile(
    r"(?i)^(|.*(example|change.?me|your|dummy|placeholder|fake|test|xxx|todo|none|null|true|false|local|\.\.\.|…).*"
    r"|[<{$%!].*|.*\(.*|/.*|.*\.(json|pem|key|txt|ya?ml)|[a-z][a-z_-]*|[\W_]*)$"
)


def known_secrets(text: str) -> Iterator[tuple[int, str]]:
    for what, pattern in KNOWN_PATTERNS.items():
        for match in pattern.finditer(text):
            if "EXAMPLE" not in match[0] and not re.search(r"@(localhost|127\.0\.0\.1)", text[match.start() :][:120]):
                yield text.count("\n", 0, match.start()) + 1, what


def is_secret(text: str) -> bool:
    """Whether a literal looks like a secret: long enough, no placeholder, and not one plain word."""
    if len(text) < 6 or " " in text or PLAINLY_NONE.match(text):
        return False
    return any(letter.isdigit() for letter in text) or entropy(text) > 3.3


def entropy(text: str) -> float:
    """Shannon's entropy in bits a character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
