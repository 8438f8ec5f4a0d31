// A person's own files in the inputs. They are shown by the browser; the studio reads them for itself.

// Each video shown would load a program to cut it with, 32 MB that are never let go; the fields "Start at" and "Use" do it here.
const load = window.fetch.bind(window);
window.fetch = (what, ...more) => (String(what?.url ?? what).includes("/static/ffmpeg/") ? new Promise(() => {}) : load(what, ...more));

// What a browser cannot show, the studio may still read: its first picture then stands there, else what is wrong with it.
async function showStill(shown, file) {
  const kind = shown.localName === "video" ? "video" : "image";
  const answer = await load(`still?${new URLSearchParams({ kind, file: decodeURIComponent(file) })}`, { cache: "no-store" });
  if (!answer.ok || !shown.isConnected || !shown.src.includes(file)) return;
  const { still, note } = await answer.json();
  if (kind === "video" && still) shown.poster = still;
  shown.hidden = !still;
  shown.after(Object.assign(document.createElement("p"), { className: "s-unshown", role: "status", textContent: note }));
}

function onShown(event) {
  const shown = event.target;
  const file = shown.matches?.(".s-media video, .s-media img") && /\/gradio_api\/file=([^?#]+)/.exec(shown.src)?.[1];
  if (!file || (event.type === "loadedmetadata" && shown.videoWidth)) return; // a film of which only the sound plays has no width
  event.stopImmediatePropagation(); // gradio would say no more than that it is not playable
  showStill(shown, file);
}
for (const name of ["error", "loadedmetadata"]) document.addEventListener(name, onShown, true);
