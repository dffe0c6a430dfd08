/* A question in the text works without this file. The file says the feedback aloud, and tells the page which answer was
   picked: an event "lif:selfcheck" of the document, whose detail is {page, id, right}. */

/* A region that is there before it is filled, or screen readers would not notice what is put into it. */
function regionOf(question) {
  const region = document.createElement("div");
  region.className = "lif-check-said";
  region.setAttribute("role", "status");
  question.append(region);
  return region;
}

for (const question of document.querySelectorAll("fieldset.lif-check")) {
  const said = regionOf(question);
  question.addEventListener("change", ({ target }) => {
    const feedback = target.closest(".lif-check-answer").querySelector(".lif-check-feedback");
    // The text that is shown, and so without the letters that only print has.
    said.textContent = feedback.innerText;
    const { page, check } = question.dataset;
    const detail = { page, id: check, right: target.hasAttribute("data-right") };
    document.dispatchEvent(new CustomEvent("lif:selfcheck", { detail }));
  });
  // Who reads on line by line would else meet the feedback twice.
  question.addEventListener("focusout", () => { said.textContent = ""; });
}
