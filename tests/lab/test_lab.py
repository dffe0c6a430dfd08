"""A reader opens the notebooks in JupyterLab and runs them all: no error, and the live figures answer.

What a slider must do comes from the figure's own description of its controls; what the kernel must then hold, from what
the slider shows.
"""

import json

import pytest

MINUTES = 60_000

CELLS = "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells"

RUN_ALL = """async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await window.jupyterapp.commands.execute('notebook:run-all-cells');
}"""

# Runs code in the notebook's own kernel and gives back what it prints.
ASK_KERNEL = """async (code) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    let printed = '';
    const future = kernel.requestExecute({code});
    future.onIOPub = (message) => {
        if (message.content.name === 'stdout') printed += message.content.text;
        if (message.header.msg_type === 'error') printed += message.content.traceback.join('\\n');
    };
    await future.done;
    return printed;
}"""

# The live figures of the kernel by their id, with the values of their controls.
CONTROLS = """
import gc
import json
from lifcore.live import LiveFigure
from lifcore.live._figure import Control

def controls(figure):
    return {name: getattr(figure, name) for name, trait in figure.traits().items() if isinstance(trait, Control)}

figures = {thing.model_id: thing for thing in gc.get_objects() if issubclass(type(thing), LiveFigure)}
print(json.dumps({key: controls(figure) for key, figure in figures.items()}))
"""


@pytest.fixture(scope="module")
def page(chromium):
    page = chromium.new_page(viewport={"width": 1300, "height": 950})
    yield page
    page.close()


def open_and_run(page, address, path):
    """Open a notebook in Lab and run all its cells; gives back the cells with their outputs."""
    page.goto(f"{address}/lab/tree/{path}?reset", wait_until="load", timeout=2 * MINUTES)
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context?.isReady", timeout=2 * MINUTES)
    page.evaluate(RUN_ALL)
    return page.evaluate(CELLS)


def errors(cells):
    return [
        f"{output['ename']}: {output['evalue']}"
        for cell in cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "error"
    ]


def code_cells(cells):
    return [cell for cell in cells if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]


def changes(before, after):
    """What differs between two states of the figures: (figure, control, new value)."""
    return [
        (figure, name, value)
        for figure, values in after.items()
        for name, value in values.items()
        if before[figure][name] != value
    ]


def test_chapter_runs_and_its_figures_answer(lab, page):
    cells = open_and_run(page, lab, "chapters/physicist/neuron.ipynb")
    assert errors(cells) == []
    assert all(cell["execution_count"] for cell in code_cells(cells)), "every cell has run"

    slider = page.locator(".jp-OutputArea input[type=range]").first
    slider.wait_for(timeout=1 * MINUTES)
    handle = slider.element_handle()
    before = json.loads(page.evaluate(ASK_KERNEL, CONTROLS))
    shown = slider.input_value()

    # By the keyboard, and Python sees it.
    slider.scroll_into_view_if_needed()
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("([element, old]) => element.value !== old", arg=[handle, shown])
    page.wait_for_timeout(1000)
    after = json.loads(page.evaluate(ASK_KERNEL, CONTROLS))
    ((figure, control, value),) = changes(before, after)
    assert value == pytest.approx(float(slider.input_value()), abs=1e-9)

    # By Python, and the page shows it.
    page.evaluate(ASK_KERNEL, f"setattr(figures['{figure}'], '{control}', {before[figure][control]!r})")
    page.wait_for_function("([element, value]) => element.value === value", arg=[handle, shown])


def test_exercises_run_to_their_end_before_a_question_is_answered(lab, page):
    cells = open_and_run(page, lab, "exercises/neuron.ipynb")
    assert errors(cells) == []
    assert all(cell["execution_count"] for cell in code_cells(cells)), "every cell has run"
