"""Refuses answers that would not make a working project, before a file is written.

Cookiecutter renders this file as a template, then runs it in the new project's empty folder, which it removes
when the exit status is not 0. Hence no two braces in a row stand here but around the context at the end.
"""

import json
import keyword
import re
import sys
import unicodedata

# answer: the most characters it may have, and one that would do
TEXTS = {
    "project_name": (60, "Tumour Diagnosis"),
    "description": (200, "Tells malignant from benign tumours."),
    "team": (60, "Machine Learning"),
}
SLUG_LENGTH = 40  # Kubernetes takes 63; the rest is for suffixes such as -canary or a pod's hash
EMAIL = re.compile(
    r"[A-Za-z0-9_%+'-]+(\.[A-Za-z0-9_%+'-]+)*"  # nothing that would need quoting in a configuration file
    r"@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])"
)
DEVICES = ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))]
RESERVED = {
    **dict.fromkeys(["service", "training", "tests"], "is a package of the project itself"),
    **dict.fromkeys(["default", "kubernetes"], "is a name of Kubernetes' own"),
    **dict.fromkeys(DEVICES, "is a device on Windows, so no folder can have it"),
}
LINE_BREAKS = "\n\r\v\f\x85\u2028\u2029"
DIRECTION = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # they make text look other than it is
TEMPLATE_MARK = re.compile(r"\{(?=[%#{])")


def main(answers):
    """Names all that is wrong at once, each with a value that would do."""
    refusals = [*text_refusals(answers), *slug_refusals(answers), *email_refusals(answers)]
    if refusals:
        print("No project was made. Please correct:", *refusals, sep="\n  ", file=sys.stderr)
        sys.exit(1)


def text_refusals(answers):
    for name, (longest, example) in TEXTS.items():
        text = str(answers[name])
        problems = sorted({f"holds {fault(c)} (U+{ord(c):04X})" for c in text if fault(c)})
        if TEMPLATE_MARK.search(text):
            problems.append("opens a template expression, which the next update would evaluate")
        if not text.strip():
            problems.append("is empty")
        if len(text) > longest:
            problems.append(f"has {len(text)} characters, {longest} are the most")
        if problems:
            yield refusal(name, text, " and ".join(problems), cleaned(text)[:longest].strip() or example)


def slug_refusals(answers):
    slug = str(answers["project_slug"])
    if problem := slug_problem(slug):
        ascii_only = unicodedata.normalize("NFKD", slug.lower()).encode("ascii", "ignore").decode()
        words = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
        ideas = [idea[:SLUG_LENGTH].rstrip("-") for idea in (words, f"ml-{words or 'service'}")]
        yield refusal("project_slug", slug, problem, next(idea for idea in ideas if not slug_problem(idea)))


def email_refusals(answers):
    email = str(answers["email"])
    if len(email) > 254 or not EMAIL.fullmatch(email):
        yield refusal("email", email, "is no e-mail address", "ml-team@example.com")


def slug_problem(slug):
    """What keeps a slug from being a folder, an image, a Kubernetes and a Python name; None if nothing."""
    module = slug.replace("-", "_")
    if not re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", slug):
        return "is no Kubernetes name: letters a to z, digits and '-', a letter first, a letter or digit last"
    if len(slug) > SLUG_LENGTH:
        return f"has {len(slug)} characters, {SLUG_LENGTH} are the most"
    if keyword.iskeyword(module):
        return "is a word of the Python language"
    if module in sys.stdlib_module_names:
        return "is a module of Python's own"
    if slug.startswith("kube-"):
        return "begins with kube-, which Kubernetes keeps for itself"
    return RESERVED.get(slug)


def fault(character):
    """Why a character may not stand in an answer; None if it may, as emoji and every script's letters may."""
    if character in LINE_BREAKS:
        return "a line break"
    if character in DIRECTION:
        return "an invisible control of text direction"
    if unicodedata.category(character) == "Cc":
        return "a control character"
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE:
        return "what is no character in Unicode"
    return None


def cleaned(text):
    """The same text without what is refused, its white space made single spaces."""
    kept = "".join(c for c in text if c.isspace() or not fault(c))
    return TEMPLATE_MARK.sub("{ ", " ".join(kept.split()))


def refusal(name, value, problem, idea):
    shown = value if len(value) <= 60 else value[:57] + "..."
    return f"{name} {shown!r} {problem}. Try: {idea}"


if __name__ == "__main__":
    main(json.loads(r'''{{ cookiecutter | tojson }}'''))  # fmt: skip
