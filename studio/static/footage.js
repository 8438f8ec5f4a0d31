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
  if (still) shown[kind === "video" ? "poster" : "src"] = still;
  shown.hidden = !still;
  if (note) shown.after(Object.assign(document.createElement("p"), { className: "s-unshown", role: "status", textContent: note }));
}

function onShown(event) {
  const shown = event.target;
  if (!shown.matches?.(".s-media video, .s-media img")) return;
  shown.hidden = false; // it may have been another file's place before
  shown.parentNode.querySelector(".s-unshown")?.remove();
  const file = /\/gradio_api\/file=([^?#]+)/.exec(shown.src)?.[1];
  const seen = event.type !== "error" && shown.videoWidth !== 0; // a film of which only the sound plays has no width
  if (!file || seen) return;
  event.stopImmediatePropagation(); // gradio would say no more than that it is not playable
  showStill(shown, file);
}
for (const name of ["error", "load", "loadedmetadata"]) document.addEventListener(name, onShown, true);
