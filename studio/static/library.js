// The library: asks /library for cards, plays and compares them in dialogs, passes on what changes something.
const root = element.querySelector(".s-library-root");
const part = (name) => root.querySelector(`[data-part=${name}]`);
const [grid, more, search, filter, compare, hint, player, sure, pair] =
  ["grid", "more", "search", "filter", "compare", "hint", "player", "sure", "pair"].map(part);
const picked = new Set();
let next = null;
let newest = null;
let turn = 0;

const query = (before) => new URLSearchParams({ search: search.value, mode: filter.value, before: before || "" });

async function load(before) {
  const mine = ++turn;
  const state = await (await fetch("library?" + query(before), { cache: "no-store" })).json();
  if (mine !== turn) return;
  if (before) grid.insertAdjacentHTML("beforeend", state.html); else grid.innerHTML = state.html;
  next = state.next;
  newest = state.newest;
  more.hidden = !next;
  for (const box of grid.querySelectorAll(".s-pick input")) box.checked = picked.has(box.value);
  for (const id of [...picked]) if (!grid.querySelector(`[data-job="${id}"]`)) picked.delete(id);
  picks();
}

function picks() {
  compare.disabled = picked.size !== 2;
  hint.hidden = picked.size === 2;
}

async function watchForNew() {
  if (root.offsetParent && !document.hidden && !root.querySelector("dialog[open]")) {
    try {
      const state = await (await fetch("library?only=newest&" + query(), { cache: "no-store" })).json();
      if (state.newest !== newest) await load();
    } catch { /* the panels say when the studio is away */ }
  }
  if (root.isConnected) setTimeout(watchForNew, 3000);
}

async function open(dialog, address) {
  dialog.querySelector("[data-part=inside]").innerHTML = await (await fetch(address, { cache: "no-store" })).text();
  const share = dialog.querySelector("[data-part=share]");
  if (share) await shareOf(share, "GET");
  dialog.showModal();
}

// The line about sharing: the studio says what stands in it, the page knows its own address.
async function shareOf(line, method, body) {
  const answer = await fetch(`library/${jobOf(line)}/share`, { method, body, cache: "no-store" });
  if (!answer.ok) return;
  line.innerHTML = await answer.text();
  const link = line.querySelector("[data-part=link]");
  if (link) { link.value = new URL(link.value, document.baseURI).href; link.focus(); link.select(); }
}

function close(dialog) {
  for (const video of dialog.querySelectorAll("video")) { video.pause(); video.removeAttribute("src"); video.load(); }
  dialog.close();
}

// A play that a close interrupts is no fault.
const play = (video) => video.play().catch(() => {});

const jobOf = (node) => node.closest("[data-job]").dataset.job;
const actions = {
  play: (button) => open(player, "library/" + jobOf(button)),
  close: (button) => close(button.closest("dialog")),
  use: (button) => { const job = jobOf(button); close(player); trigger("use", { job }); },
  extend: (button) => { const job = jobOf(button); close(player); trigger("extend", { job }); },
  animate: (button) => { const job = jobOf(button); close(player); trigger("animate", { job }); },
  again: (button) => { const job = jobOf(button); close(player); trigger("again", { job }); },
  send: (button) => { const job = jobOf(button); close(player); trigger("send", { job, to: button.dataset.to, what: button.dataset.what }); },
  remove: (button) => { const job = jobOf(button); if (player.open) close(player); sure.dataset.job = job; sure.showModal(); },
  "remove-now": () => { sure.close(); picked.delete(sure.dataset.job); trigger("remove", { job: sure.dataset.job }); },
  share: (button) => {
    const line = button.closest("[data-part=share]");
    shareOf(line, "POST", new URLSearchParams({ days: line.querySelector("[data-part=days]").value }));
  },
  unshare: (button) => shareOf(button.closest("[data-part=share]"), "DELETE"),
  "copy-link": async (button) => {
    const link = button.closest("[data-part=share]").querySelector("[data-part=link]");
    link.select();
    try { await navigator.clipboard.writeText(link.value); } catch { document.execCommand("copy"); } // plain http has no clipboard
    button.textContent = button.dataset.done;
  },
  more: () => load(next),
  compare: async () => {
    await open(pair, "library/compare?" + new URLSearchParams([...picked].map((id) => ["job", id])));
    const [one, two] = pair.querySelectorAll("video");
    if (!two) return;
    for (const [event, act] of [["play", () => play(two)], ["pause", () => two.pause()], ["seeked", () => { two.currentTime = one.currentTime; }]]) one.addEventListener(event, act);
    play(one);
  },
};

root.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  if (button && !button.disabled && actions[button.dataset.action]) actions[button.dataset.action](button);
});
root.addEventListener("change", (event) => {
  if (event.target.matches(".s-pick input")) {
    const { value, checked } = event.target;
    if (checked) picked.add(value); else picked.delete(value);
    if (picked.size > 2) {
      const first = [...picked][0];
      picked.delete(first);
      const box = grid.querySelector(`.s-pick input[value="${first}"]`);
      if (box) box.checked = false;
    }
    picks();
  } else if (event.target === filter) load();
});
let typing = 0;
search.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => load(), 250); });
for (const dialog of root.querySelectorAll("dialog")) {
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(dialog); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) close(dialog); });
}
watch("value", () => load());
load().then(() => setTimeout(watchForNew, 3000));
