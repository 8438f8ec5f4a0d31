// gradio asks the system which scheme to use; the studio has one, the dark one, so that is always the answer.
const askSystem = window.matchMedia.bind(window);
window.matchMedia = (query) => askSystem(query.includes("prefers-color-scheme: dark") ? "all" : query);

// Ctrl+Enter (or Cmd+Enter) anywhere in a tab presses its Generate button.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const button = [...document.querySelectorAll("button.s-generate")].find((one) => one.offsetParent && !one.disabled);
  if (!button) return;
  event.preventDefault();
  document.activeElement?.dispatchEvent(new Event("change", { bubbles: true }));
  setTimeout(() => button.click(), 30);
}, true);

// The chosen tab stays in sight where the row of tabs scrolls sideways.
const follow = (tab) => tab?.scrollIntoView({ inline: "center", block: "nearest" });
new MutationObserver((changes) => {
  for (const { target } of changes) if (target.matches("[role=tab][aria-selected=true]")) follow(target);
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["aria-selected"] });
addEventListener("resize", () => setTimeout(() => follow(document.querySelector("[role=tab][aria-selected=true]")), 60));
