// Rows of examples: a click fills the tab's fields.
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-index]");
  if (button) trigger("pick", { index: Number(button.dataset.index) });
});
for (const video of element.querySelectorAll("video")) {
  const row = video.closest("button");
  row.addEventListener("mouseenter", () => { if (!matchMedia("(prefers-reduced-motion: reduce)").matches) video.play().catch(() => {}); });
  row.addEventListener("mouseleave", () => video.pause());
}
