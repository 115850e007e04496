// The bar above a text: its buttons set the marks of Markdown around what is selected, so that
// nobody has to know them.  One key reaches the bar, arrows lead through it.

const KEYS = { b: "bold", i: "italic" };

function fieldOf(bar) {
  return bar.parentElement.querySelector("textarea");
}

// Typed, not set: so the browser can undo it.
function type(field, text, start, end) {
  field.focus();
  field.setSelectionRange(start, end);
  if (!document.execCommand("insertText", false, text)) {
    field.setRangeText(text, start, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function wrap(field, before, after = before) {
  const { selectionStart: start, selectionEnd: end } = field;
  const words = field.value.slice(start, end);
  type(field, before + words + after, start, end);
  field.setSelectionRange(start + before.length, start + before.length + words.length);
}

function prefix(field, mark) {
  const { value, selectionStart, selectionEnd: end } = field;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const apart = start && value[start - 2] !== "\n" ? "\n" : ""; // a quotation begins a paragraph
  const lines = value.slice(start, end).split("\n").map((line) => mark + line);
  type(field, apart + lines.join("\n"), start, end);
}

function link(field) {
  const { value, selectionStart: start, selectionEnd: end } = field;
  const words = value.slice(start, end);
  const isAddress = /^https?:\/\/\S+$/.test(words);
  type(field, isAddress ? `[](${words})` : `[${words}](https://)`, start, end);
  const at = isAddress ? start + 1 : start + words.length + 3;
  field.setSelectionRange(at, isAddress ? at : at + "https://".length);
}

function image(field) {
  const pictures = field.form.querySelector(".pictures");
  pictures.open = true;
  pictures.querySelector("input[type=file]").focus();
}

const ACTS = {
  bold: (field) => wrap(field, "**"),
  italic: (field) => wrap(field, "_"),
  link,
  quote: (field) => prefix(field, "> "),
  list: (field) => prefix(field, "- "),
  image,
};

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.(".bar button");
  if (button) ACTS[button.value](fieldOf(button.parentElement));
});

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  const act = (event.ctrlKey || event.metaKey) && !event.altKey && KEYS[key.toLowerCase()];
  if (act && target.matches?.(".bar ~ textarea")) {
    event.preventDefault();
    ACTS[act](target);
  }
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  if (!step || !target.matches?.(".bar button")) return;
  event.preventDefault();
  const buttons = [...target.parentElement.children];
  const next = buttons.at((buttons.indexOf(target) + step) % buttons.length);
  for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
  next.focus();
});
