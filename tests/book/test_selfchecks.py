"""Questions in the text, as a reader meets them: with a mouse, with a keyboard alone, and without JavaScript.

What must come is said in CONTRIBUTING.md, and in the source of the question that is used: its third answer is right.
"""

PAGE = "chapters/physicist/neuron.html"
QUESTION = "#check-what-makes-it-fire"
LISTEN = """window.heard = [];
    document.addEventListener("lif:selfcheck", event => window.heard.push(event.detail));"""
BOXES = """question => [...question.querySelectorAll("label, input")].map(part => {
    const { x, y } = part.getBoundingClientRect();
    return [x + scrollX, y + scrollY];
})"""


def shown(question):
    """Places of the answers whose feedback can be seen."""
    feedback = question.locator(".lif-check-feedback").all()
    return [place for place, part in enumerate(feedback) if part.is_visible()]


def test_the_feedback_of_an_answer_comes_below_all_and_is_told(open_page):
    page = open_page(PAGE, wait=False, prepare=lambda page: page.add_init_script(LISTEN))
    question = page.locator(QUESTION)
    assert question.locator("input:checked").count() == 0 and shown(question) == []
    before = question.evaluate(BOXES)
    question.locator("label").nth(1).click()
    assert shown(question) == [1]
    said = question.get_by_role("status")
    assert said.inner_text().split()[:5] == ["✗", "Not", "right.", "You", "have"]
    question.locator("label").nth(2).click()
    assert shown(question) == [2]
    assert said.inner_text().split()[:3] == ["✓", "Right.", "The"]
    assert question.evaluate(BOXES) == before, "an answer has moved"
    told = {"page": "chapters/physicist/neuron", "id": "what-makes-it-fire"}
    assert page.evaluate("window.heard") == [{**told, "right": False}, {**told, "right": True}]
    assert page.report.errors == []


def test_a_question_can_be_answered_with_the_keyboard(open_page):
    page = open_page(PAGE, wait=False)
    question = page.locator(QUESTION)
    question.locator("input").first.focus()
    page.keyboard.press("Space")
    assert shown(question) == [0]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert shown(question) == [2]
    assert "Right." in question.get_by_role("status").inner_text()
    page.keyboard.press("Tab")      # to the equation that the feedback names
    assert page.evaluate("document.activeElement.closest('.lif-check-feedback') !== null")
    assert question.get_by_role("status").inner_text() == ""


def test_a_question_needs_no_script_and_prints_all_feedback(open_page):
    page = open_page(PAGE, wait=False, java_script_enabled=False)
    question = page.locator(QUESTION)
    question.locator("label").first.click()
    assert shown(question) == [0]
    page.emulate_media(media="print")
    assert shown(question) == [0, 1, 2, 3]
