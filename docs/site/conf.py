"""How Sphinx makes the site of what `make_site.py` has staged."""

from pathlib import Path

from coursekit.sources.layout import Course
from coursekit.sources.links import COLAB

course = Course.find(Path(__file__).parent)

project = "A deep-learning course that answers back"
author = "the course authors"
language = "en"
extensions = ["myst_nb"]
templates_path: list[str] = []

nb_execution_mode = "off"  # make_site.py has executed what it wants executed
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4  # links such as leaks.md#feedback
# MathJax then looks at the whole page, and finds the formulas in the answers of quizzes too.
myst_update_mathjax = False
mathjax_path = "tex-svg.js"

html_theme = "sphinx_book_theme"
html_show_copyright = False  # the licences say it
html_title = "Deep learning"
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_context = {"default_mode": "auto"}
html_theme_options = {
    "repository_url": course.student_repository,
    "repository_branch": "main",
    "path_to_docs": "",
    "use_repository_button": True,
    "use_download_button": True,
    "launch_buttons": {"colab_url": COLAB},
    "show_toc_level": 2,
    "home_page_in_toc": True,
    "back_to_top_button": False,  # on a phone it lies over what a quiz says
    "extra_footer": "Text: CC BY 4.0. Code: BSD-3-Clause. This site loads nothing from elsewhere.",
}
