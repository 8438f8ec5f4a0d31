// The grid of named styles: ordinary radio buttons, so that arrow keys walk through it. The value is the name chosen.
const show = () => { for (const radio of element.querySelectorAll("input")) radio.checked = radio.value === (props.value || ""); };
element.addEventListener("change", (event) => {
  const chosen = event.target.value;
  if (chosen === (props.value || "")) return;
  props.value = chosen;
  element.querySelector(`input[value="${chosen}"]`).focus();
});
watch("value", show);
show();
