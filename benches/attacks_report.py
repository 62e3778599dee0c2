"""The table of the attacks, as Markdown, in the middle of docs/attacks.md."""
from attacks_load import ATTACKS
from compare_report import machine, versions, write as write_between
from compare_servers import PROJECT

PAGE = PROJECT / "docs/attacks.md"
EXPLANATION = """\
Each cell: what became of the attack; memory that it added, processor time of the server, and the 99th percentile of a
bystander's requests meanwhile. 5,000 connections are held open in the rows of slow peers, or as many as the row says; each
flood is one connection."""


def is_bounded(figures):
    """Whether a flood cost less than 16 MiB and 2 s, and a bystander waited less than 50 ms; for slow peers only the latter."""
    is_flood = figures["outcome"].startswith(("ended", "served"))
    return figures["p99"] < 50 and (not is_flood or figures["memory"] < 16 and figures["cpu"] < 2)


def cell(figures):
    if not figures:
        return "–"
    said = f"{figures['outcome']}; " if figures["outcome"] else ""
    return f"{said}{figures['memory']:.1f} MiB, {figures['cpu']:.2f} s, {figures['p99']:.1f} ms"


def table(results, peers, seconds):
    names = list(dict.fromkeys(name for figures in results.values() for name in figures))
    lines = [f"| attack | limit | {' | '.join(names)} |", f"| --- | --- |{' --- |' * len(names)}"]
    for attack, (limit, _) in ATTACKS.items():
        if attack in results:
            lines.append(f"| {attack} | {limit} | {' | '.join(cell(results[attack].get(name)) for name in names)} |")
    return "\n".join([f"`benches/attacks` on {machine()}, {seconds:g} s for each attack. {versions(peers)}", "", EXPLANATION, "", *lines])


def write(text):
    write_between(text, page=PAGE, begin="<!-- benches/attacks writes from here -->")
