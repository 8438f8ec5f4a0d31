// Rows of examples: a click fills the tab's fields.
let filling = 0;  // the timer of the last click, until its fields are there
let waiting = null;  // the Generate button, where it was pressed meanwhile
const filled = () => {
  clearTimeout(filling);
  filling = 0;
  if (!waiting) return;
  waiting.ariaBusy = null;
  setTimeout(waiting.click.bind(waiting), 30);
  waiting = null;
};
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-index]");
  if (!button) return;
  clearTimeout(filling);
  filling = setTimeout(filled, 15_000);  // should nobody ever say that it is done
  trigger("pick", { index: Number(button.dataset.index) });
});
element.addEventListener("filled", filled);
// The Generate button, pressed before that, waits: it would be asked of what stood there before.
document.addEventListener("click", (event) => {
  const generate = event.target.closest?.("button.s-generate");
  if (!filling || !generate || !element.closest(".s-columns")?.contains(generate)) return;
  event.stopImmediatePropagation();
  event.preventDefault();
  waiting = generate;
  generate.ariaBusy = "true";
}, true);
for (const video of element.querySelectorAll("video")) {
  const row = video.closest("button");
  row.addEventListener("mouseenter", () => { if (!matchMedia("(prefers-reduced-motion: reduce)").matches) video.play().catch(() => {}); });
  row.addEventListener("mouseleave", () => video.pause());
}
