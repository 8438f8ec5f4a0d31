// Under a prompt: words it has that a small model was never shown, words it knows to click on, and how much is still read.
const root = element.querySelector(".s-knows");
const known = root.dataset.known && new Set(JSON.parse(root.dataset.known));
const [unknownWords, unknownLanguage] = JSON.parse(root.dataset.sentences);
const [names, line, counts, words] = ["names", "unknown", "tokens", "words"].map((name) => root.querySelector(`[data-part=${name}]`));
const inputs = () => element.closest(".s-inputs");
const prompt = () => inputs()?.querySelector(".s-prompt textarea");
const typed = (name) => [...(inputs()?.querySelectorAll(`${name} textarea`) ?? [])].map((area) => area.value);

function everything() {
  const panels = [...(inputs()?.querySelectorAll(".s-says textarea") ?? [])].filter((area) => area.offsetParent);
  return {
    prompt: prompt()?.value ?? "",
    negative_prompt: typed(".s-negative").join(" "),
    panels: panels.map((area) => area.value),
    // of a picture that is only a guide, words are the model's to follow
    begun: "begun" in root.dataset && !inputs()?.querySelector("input[value=reference]:checked"),
    restyled: "restyles" in root.dataset,
    more: typed(".s-looks").join("\n").split("\n").filter((text) => text.trim()),
  };
}

function strangers(texts) {
  const said = texts.flatMap((text) => text.split(/\s--\w/)[0].replaceAll(/@\S+/g, "").toLowerCase().match(/[\p{L}\p{M}']+/gu) ?? []);
  return { said, strange: [...new Set(said.filter((word) => !known.has(word) && !read.has(word)))] };
}

function tell({ prompt, panels, more }) {
  const { said, strange } = strangers([prompt, ...panels, ...more]);
  const sentence = said.length > 2 && strange.length === new Set(said).size ? unknownLanguage : unknownWords;
  line.hidden = strange.length === 0;
  line.textContent = sentence.replace("{words}", strange.slice(0, 6).join(", ") + (strange.length > 6 ? " …" : ""));
}

function offer() {
  const given = [...(inputs()?.querySelectorAll(".s-refname :is(input, textarea)") ?? [])].map((field) => field.value.trim().replace(/^@/, ""));
  const wanted = given.filter(Boolean).map((name) => "@" + name);
  if (wanted.join() === [...names.children].map((button) => button.dataset.word).join()) return;
  names.replaceChildren(...wanted.map((name) => Object.assign(document.createElement("button"), { type: "button", textContent: name })));
  for (const button of names.children) button.dataset.word = button.textContent;
  names.hidden = wanted.length === 0;
}

async function count(now, text) {
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(now) };
  const reply = await fetch("prompts", request).catch(() => null);
  const said = reply?.ok ? await reply.json() : { lines: [], read: [] };
  if (text !== counted) return;
  const { lines } = said;
  read = new Set(said.read);
  if (!words.hidden) tell(now);
  counts.hidden = lines.length === 0;
  counts.replaceChildren(...lines.flatMap((text, index) => (index ? [document.createElement("br"), text] : [text])));
}

root.addEventListener("click", (event) => {
  const button = event.target.closest("[data-word]");
  const area = prompt();
  if (!button || !area) return;
  area.value = `${area.value.trimEnd()} ${button.dataset.word}`.trimStart();
  area.dispatchEvent(new Event("input", { bubbles: true }));
});
// the text may also be filled by an example or a recipe, which sends no event; counted is what has stood for one look
let seen = null;
let counted = null;
let read = new Set(); // words that move a picture or name a style, whether the model knows them or not
const timer = setInterval(() => {
  if (!root.isConnected) return clearInterval(timer);
  if (!inputs()?.offsetParent) return;
  offer();
  const { model } = document.body.dataset;
  const follows = known && (!model || model === root.dataset.model);
  words.hidden = !follows;
  const now = everything();
  const text = JSON.stringify(now) + model;
  if (text === seen && text !== counted) { counted = text; count(now, text); }
  if (text === seen) return;
  seen = text;
  if (!follows) line.hidden = true;
  else if (!now.begun && !now.restyled) tell(now); // else first it is asked which words are read otherwise
}, 250);
