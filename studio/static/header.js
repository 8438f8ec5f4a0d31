// The header: which model runs, on what, where the data is, and what the worker does. Shown as /status says.
const root = element.querySelector(".s-header-root");
let key = null;

async function ask() {
  let wait = 2000;
  if (!document.hidden) {
    try {
      const answer = await fetch("status", { cache: "no-store" });
      if (answer.status === 401) { location.reload(); return; } // signed out: the way in is there
      const state = await answer.json();
      if (state.key !== key) {
        const open = root.querySelector("details")?.open;
        const focused = root.contains(document.activeElement) && document.activeElement.dataset.focus;
        root.innerHTML = state.html;
        if (open) root.querySelector("details").open = true;
        if (focused) root.querySelector(`[data-focus="${focused}"]`)?.focus();
        key = state.key;
      }
      document.body.dataset.model = state.model; // what is said of one model is hidden under another
      wait = state.wait;
    } catch { wait = 3000; }
  }
  if (root.isConnected) setTimeout(ask, wait);
}

root.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  if (!button) return;
  button.disabled = true;
  const model = button.dataset.model;
  if (button.dataset.action === "use_model") trigger("use_model", { model });
  if (button.dataset.action === "fetch_model") trigger("fetch_model", { model });
});
document.addEventListener("click", (event) => {
  const open = root.querySelector("details[open]");
  if (open && !open.contains(event.target) && event.target.isConnected) open.open = false;
});
root.addEventListener("keydown", (event) => {
  const open = root.querySelector("details[open]");
  if (event.key === "Escape" && open) { open.open = false; open.firstElementChild.focus(); }
});
ask();
