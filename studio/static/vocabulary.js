// The words a small model knows: a click adds one to the prompt; words it does not know are named while one types.
const root = element.querySelector(".s-knows");
const known = new Set(JSON.parse(root.dataset.known));
const [unknownWords, unknownLanguage] = JSON.parse(root.dataset.sentences);
const line = root.querySelector("[data-part=unknown]");
const prompt = () => element.closest(".s-inputs")?.querySelector(".s-prompt textarea");

function strangers(text) {
  const said = text.split(/\s--\w/)[0].toLowerCase().match(/[\p{L}\p{M}']+/gu) ?? [];
  return { said, strange: [...new Set(said.filter((word) => !known.has(word)))] };
}

function tell() {
  const { said, strange } = strangers(prompt()?.value ?? "");
  const sentence = said.length > 2 && strange.length === new Set(said).size ? unknownLanguage : unknownWords;
  line.hidden = strange.length === 0;
  line.textContent = sentence.replace("{words}", strange.slice(0, 6).join(", ") + (strange.length > 6 ? " …" : ""));
}

root.addEventListener("click", (event) => {
  const button = event.target.closest("[data-word]");
  const area = prompt();
  if (!button || !area) return;
  area.value = `${area.value.trimEnd()} ${button.dataset.word}`.trimStart();
  area.dispatchEvent(new Event("input", { bubbles: true }));
});
// the text may also be filled by an example or a recipe, which sends no event
let seen = null;
const timer = setInterval(() => {
  if (!root.isConnected) return clearInterval(timer);
  const { model } = document.body.dataset;
  root.hidden = Boolean(model) && model !== root.dataset.model;
  const text = prompt()?.value ?? "";
  if (text !== seen && root.offsetParent) { seen = text; tell(); }
}, 400);
