// The result panel of one mode. The server says what to show (/panel/<mode>); this only asks, shows and passes on clicks.
const mode = props.mode;
const memory = "septet.job." + mode;
const root = element.querySelector(".s-result-root");
const [panel, takes, offline] = ["panel", "takes", "offline"].map((name) => root.querySelector(`[data-part=${name}]`));
let shown = { key: null, takes: null };
let timer = 0;
let asking = 0;

const remember = (job) => { try { job ? localStorage.setItem(memory, job) : localStorage.removeItem(memory); } catch { /* private window */ } };
const remembered = () => { try { return localStorage.getItem(memory) || ""; } catch { return ""; } };
let current = props.value?.job || remembered();

const put = (part, text) => { for (const node of panel.querySelectorAll(`[data-live=${part}]`)) if (node.textContent !== text) node.textContent = text; };

function live(state) {
  for (const part of ["stage", "line", "said"]) put(part, state[part] ?? "");
  const bar = panel.querySelector(".s-bar");
  if (bar) {
    bar.firstElementChild.style.width = state.percent + "%";
    bar.setAttribute("aria-valuenow", state.percent);
  }
  const picture = panel.querySelector("img[data-live-preview]");
  if (picture && state.preview && picture.getAttribute("src") !== state.preview) {
    picture.src = state.preview;
    picture.hidden = false;
  }
}

async function ask() {
  clearTimeout(timer);
  let wait = 600;
  const turn = ++asking;
  if (root.offsetParent && !document.hidden) {
    try {
      const reply = await fetch(`panel/${mode}?job=${encodeURIComponent(current)}`, { cache: "no-store" });
      if (!reply.ok) throw new Error(reply.status);
      const state = await reply.json();
      if (turn !== asking) return;
      offline.hidden = true;
      current = state.job;
      remember(current);
      if (state.key !== shown.key) { panel.innerHTML = state.html; shown.key = state.key; }
      if (state.takes_key !== shown.takes) { takes.innerHTML = state.takes; shown.takes = state.takes_key; }
      live(state.live);
      wait = state.wait;
    } catch {
      offline.hidden = false;
      wait = 2000;
    }
  }
  if (turn === asking && root.isConnected) timer = setTimeout(ask, wait);
}

const actions = {
  show: (button) => { current = button.dataset.job; shown.key = null; ask(); },
  stop: (button) => { button.disabled = true; button.textContent = button.dataset.busy; trigger("stop", { job: current }); },
  again: () => trigger("again", { job: current }),
  use: () => trigger("use", { job: current }),
  animate: () => trigger("animate", { job: current }),
  reshoot: (button) => { button.closest("details").open = false; trigger("reshoot", { job: current, shot: Number(button.dataset.shot) }); },
  extend: () => trigger("extend", { job: current }),
  send: (button) => { button.closest("details").open = false; trigger("send", { job: current, to: button.dataset.to, what: button.dataset.what }); },
  copy: async (button) => {
    try { await navigator.clipboard.writeText(button.dataset.text); } catch { return; }
    button.setAttribute("aria-label", button.dataset.done);
    button.title = button.dataset.done;
  },
  compare: (button) => {
    const box = panel.querySelector("template[data-compare]");
    const open = panel.querySelector(".s-compare");
    if (open) open.remove(); else panel.querySelector(".s-stage").append(box.content.cloneNode(true));
    button.textContent = open ? button.dataset.open : button.dataset.close;
    const videos = panel.querySelectorAll(".s-compare video");
    if (!videos.length) return;
    const [after, before] = videos;
    after.addEventListener("timeupdate", () => {
      const now = Number(before.dataset.start) + after.currentTime;
      if (Math.abs(before.currentTime - now) > 0.12) before.currentTime = now;
      if (before.paused) before.play().catch(() => {});
    });
    for (const name of ["error", "loadedmetadata"]) before.addEventListener(name, () => {
      panel.querySelector(".s-compare .s-unshown").hidden = before.videoWidth > 0;
    });
    for (const video of videos) video.play().catch(() => {});
    panel.querySelector(".s-compare input").focus();
  },
};

root.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  if (button && actions[button.dataset.action]) actions[button.dataset.action](button);
});
root.addEventListener("input", (event) => {
  const box = event.target.closest(".s-compare");
  if (box) box.style.setProperty("--wipe", event.target.value + "%");
});
root.addEventListener("keydown", (event) => {
  const open = root.querySelector("details[open]");
  if (event.key === "Escape" && open) { open.open = false; open.firstElementChild.focus(); }
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
watch("value", () => {
  if (props.value?.job) { current = props.value.job; shown.key = null; }
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (root.getBoundingClientRect().top > innerHeight * 0.7) root.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "center" });
  ask();
});
new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) ask(); }).observe(root);
ask();
