"""The table of a comparison, as Markdown, in the middle of docs/performance.md."""
import os, platform, re, statistics
from compare_load import ROWS, UNITS
from compare_servers import PROJECT, run

PAGE = PROJECT / "docs/performance.md"
BEGIN, END = "<!-- benches/compare writes from here -->", "<!-- to here -->"


def table(results, peers, site, absent, options):
    names = [peer.name for peer in peers]
    lines = [f"| | {' | '.join(names)} |", f"| --- |{' --- |' * len(names)}"]
    behind = []
    for row, figures in results.items():
        decimals = UNITS.get(row, 1)
        baseline = figures.get("nginx") or figures.get("Caddy")
        cells = []
        for name in names:
            values = figures.get(name)
            if not values:
                cells.append("–")
                continue
            middle = statistics.median(values)
            ratio = f"**{in_rounds(values, baseline):.2f}** " if baseline else ""
            cells.append(f"{ratio}{middle:.{decimals}f} ({min(values):.{decimals}f}–{max(values):.{decimals}f})")
        lines.append(f"| {ROWS[row][0]} | {' | '.join(cells)} |")
        ours = figures.get("e6")
        better = [name for name in names if ours and figures.get(name) and name not in ("e6", "static e6", "bare loop")
                  and statistics.median(figures[name]) < statistics.median(ours)]
        if better:
            behind.append(f"- {ROWS[row][0]}: {', '.join(better)}")
    rounds = max(len(values) for figures in results.values() for values in figures.values())
    size = {name: f"{len(body):,} bytes" for name, body in site.bodies.items()}
    return "\n".join([
        f"{rounds} rounds on {machine()}: `benches/compare{' ' + options if options else ''}`. The page is {size['page']}, "
        f"the picture {size['large']}. {versions(peers)}", "",
        "Bold: the ratio to nginx, or to Caddy where nginx has no figure, in the median round. Then the median, least and greatest of the rounds: µs of processor time per "
        "request, unless the row names a unit.", "", *lines, "", *own_ratios(results),
        *(["A peer is ahead of e6 in:", "", *behind] if behind else ["No peer is ahead of e6 in any row."]),
        *(["", f"Left out: {'; '.join(absent)}."] if absent else []),
    ])


def in_rounds(values, baseline):
    """How many times as much as the baseline, in the median round: what slows a round down slows both down."""
    return statistics.median(value / base for value, base in zip(values, baseline))


def own_ratios(results):
    """What the access log and the dynamic page cost, for each server that has both rows."""
    lines = []
    for what, row, beside in [("The access log over HTTP/1.1", "h1-log", "h1"), ("The access log over HTTPS/1.1", "tls-log", "tls"),
                              ("The access log over HTTP/2", "h2-log", "h2-32"), ("The dynamic page beside a static file", "h1", "h1-static")]:
        costs = [f"{name} {in_rounds(values, results[beside][name]) - 1:+.0%}" for name, values in results.get(row, {}).items()
                 if results.get(beside, {}).get(name)]
        lines += [f"- {what}: {', '.join(costs)}"] if costs else []
    return ["In the median round:", "", *lines, ""] if lines else []


def machine():
    model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    return f"{model[1] if model else platform.machine()} ({os.cpu_count()} processors), Linux {platform.release().split('-')[0]}"


def versions(peers):
    commands = {"e6": [str(PROJECT / "target/release/e6"), "--version"], "nginx": ["nginx", "-v"], "h2o": ["h2o", "--version"],
                "Caddy": ["caddy", "version"], "static-web-server": ["static-web-server", "--version"]}
    found = []
    for peer in peers:
        if peer.name in commands:
            said = run("sh", "-c", " ".join(commands[peer.name]) + " 2>&1")
            number = re.search(r"\d+\.\d+(\.\d+)*", said)
            found.append(f"{peer.name} {number[0] if number else said.strip()}")
    return "; ".join(found) + "."


def write(text, page=PAGE, begin=BEGIN, end=END):
    head, rest = page.read_text().split(begin)
    page.write_text(f"{head}{begin}\n\n{text}\n\n{end}{rest.split(end)[1]}")
