"""A copy of the demo model that thinks unless it is told not to. Its own template lets it only where that is forced."""

import contextlib
import pathlib
import shutil
import tempfile

DEMO = pathlib.Path(__file__).resolve().parents[2] / "models" / "demo"


@contextlib.contextmanager
def thinking_demo():
    """The copy's folder, for as long as the context lasts."""
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(shutil.copytree(DEMO, pathlib.Path(folder) / "demo"))
        template = model / "chat_template.jinja"
        text = template.read_text(encoding="utf-8")
        forced = "forced_thinking is defined and forced_thinking"
        assert text.count(forced) == 1
        template.write_text(text.replace(forced, "true"), encoding="utf-8")
        yield str(model)
