"""A report as one HTML file: opens offline, reaches nothing, prints light, and keeps its tables without JavaScript."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from engine.config import resource_folder
from engine.domain.case import Workload
from engine.formatting import format_time_iso
from engine.reports.answers import report_summary, report_title
from engine.reports.charts import Chart, charts_of
from engine.reports.content import ReportContent
from engine.reports.facts import environment_facts, protocol_facts, run_facts
from engine.reports.pairs import PAIR_METHOD, pair_sentences, pair_table
from engine.reports.tables import method_table, model_table, process_table, result_table, tail_table

MEDIA_TYPE = "text/html; charset=utf-8"


def render_html(content: ReportContent) -> bytes:
    """The whole file, UTF-8. Everything that comes from outside is escaped by the template engine."""
    noise = content.calibration.noise if content.calibration else None
    charts = charts_of(content.summaries, with_ways=not content.pairs, noise=noise)
    folder = resource_folder("templates") / "report"
    style = (folder / "report.css").read_text(encoding="utf-8")
    scripts = [get_plotlyjs(), (folder / "report.js").read_text(encoding="utf-8")] if charts else []
    page = _templates().get_template("report/report.html.j2")
    text = page.render(
        content=content,
        title=report_title(content),
        summary=report_summary(content),
        run_facts=run_facts(content),
        environment_facts=environment_facts(content),
        protocol_facts=protocol_facts(content),
        charts=[(chart, Markup(_script_json(chart))) for chart in charts],
        results=[
            (name, table)
            for name, table in (
                ("Warm forward passes", result_table(content, Workload.INFERENCE)),
                ("Generation", result_table(content, Workload.GENERATION)),
                ("Concurrency", result_table(content, Workload.CONCURRENCY)),
                ("Startup", result_table(content, Workload.STARTUP)),
                ("Tails: percentiles within processes", tail_table(content)),
            )
            if table is not None
        ],
        pairs=pair_table(content.pairs, noise),
        pair_sentences=pair_sentences(content.pairs),
        pair_method=PAIR_METHOD,
        models=model_table(content),
        methods=method_table(content),
        processes=process_table(content),
        made_at=format_time_iso(content.created_at),
        style=Markup(style),
        scripts=[Markup(_unbreakable(script)) for script in scripts],
        policy=_policy(scripts),
    )
    return text.encode("utf-8")


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(resource_folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _policy(scripts: list[str]) -> str:
    """Only the report's own scripts run, known by their hash, and nothing is fetched from anywhere."""
    hashes = " ".join(f"'sha256-{_digest(_unbreakable(script))}'" for script in scripts) or "'none'"
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'"


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _unbreakable(script: str) -> str:
    """A script cannot end its own element, nor open a comment that hides the end."""
    return script.replace("\r\n", "\n").replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _script_json(chart: Chart) -> str:
    """Both figures as JSON that may stand inside a script element whatever the names in it are."""
    wide, narrow = (str(figure.to_json()) for figure in (chart.wide, chart.narrow))
    text = f'{{"wide": {wide}, "narrow": {narrow}}}'
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
