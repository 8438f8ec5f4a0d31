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

// A clip in another format takes a moment to make: the entry says so until the file is there.
document.addEventListener("click", async (event) => {
  const entry = event.target.closest?.("a[data-made]");
  if (!entry) return;
  event.preventDefault();
  if (entry.ariaBusy === "true") return;
  const note = entry.querySelector("small");
  const usual = note.textContent;
  entry.ariaBusy = "true";
  note.textContent = entry.dataset.busy;
  try {
    const reply = await fetch(entry.href, { cache: "no-store" });
    if (!reply.ok) throw new Error(reply.status);
    const name = /filename="([^"]+)"/.exec(reply.headers.get("Content-Disposition"))?.[1] ?? "";
    const address = URL.createObjectURL(await reply.blob());
    Object.assign(document.createElement("a"), { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    note.textContent = usual;
    const menu = entry.closest("details");
    if (menu) menu.open = false;
  } catch {
    note.textContent = entry.dataset.failed;
  } finally {
    entry.ariaBusy = null;
  }
});
