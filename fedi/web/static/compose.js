// What makes it smooth to take part; all of it works without, on pages of its own.
//
// One answers, likes and marks without leaving the page; what is selected is what "Quote" quotes;
// names are completed after an @.

const PAUSE = 150; // milliseconds without a key before names are looked for
const BEGUN = /(?:^|[\s(«"'])@((?:[\p{L}\d_][\p{L}\d_.@-]{0,40})?)$/u;

// --- under a message ---------------------------------------------------------------------

let passage = "";

function answering(event) {
  return event.target.closest?.('.acts a[href$="/reply"], .acts a[href$="/reply?quote"]');
}

function selected(post) {
  const selection = getSelection();
  const within = selection.rangeCount && post.querySelector(".prose").contains(selection.anchorNode);
  return within ? selection.toString().slice(0, 4000) : "";
}

function room(post) {
  const last = post.lastElementChild;
  if (last.className === "answer") return last;
  return post.appendChild(Object.assign(document.createElement("div"), { className: "answer" }));
}

document.addEventListener("pointerdown", (event) => {
  const link = answering(event);
  passage = link ? selected(link.closest(".post")) : ""; // a click would drop it
}, true);

document.addEventListener("click", async (event) => {
  const link = answering(event);
  const post = link?.closest(".post");
  if (!post || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const asked = new URL(link.href);
  if (asked.search) asked.searchParams.set("passage", passage || selected(post));
  const target = room(post);
  const keeper = target.querySelector(".kept"); // what is begun comes back from there
  if (keeper) await htmx.ajax("POST", keeper.getAttribute("hx-post"), { source: keeper, target: keeper });
  await htmx.ajax("GET", asked.pathname + asked.search, { target, select: ".compose" });
  const field = target.querySelector("textarea");
  field?.focus();
  field?.setSelectionRange(field.value.length, field.value.length);
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.('.acts button[form="likes"][aria-pressed]');
  if (!button) return;
  event.preventDefault();
  const place = button.parentElement;
  const action = button.getAttribute("formaction");
  await htmx.ajax("POST", action, { source: button, target: button, swap: "outerHTML" });
  place.querySelector("button[aria-pressed]")?.focus();
});

// --- names -------------------------------------------------------------------------------

let list = null; // what is offered, under the field it is for
let timer = 0;

function close() {
  list?.field.removeAttribute("aria-activedescendant");
  list?.field.removeAttribute("aria-controls");
  list?.remove();
  list = null;
}

// What follows the @ before the caret; undefined when there is none.
function begun(field) {
  return field.value.slice(0, field.selectionStart).match(BEGUN)?.[1];
}

function point(at) {
  const options = [...list.children];
  list.at = (at + options.length) % options.length;
  options.forEach((option, place) => option.setAttribute("aria-selected", place === list.at));
  list.field.setAttribute("aria-activedescendant", options[list.at].id);
}

function take(mention) {
  const { field } = list;
  const start = field.selectionStart - (begun(field) ?? "").length - 1;
  field.setRangeText(`${mention} `, start, field.selectionStart, "end");
  close();
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function option({ mention, name }, place) {
  const item = document.createElement("li");
  item.id = `name-${place}`;
  item.role = "option";
  const address = document.createElement("span");
  address.textContent = mention;
  item.append(`${name} `, address);
  item.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the field keeps the focus
    take(mention);
  });
  item.mention = mention;
  return item;
}

async function offer(field) {
  const start = begun(field);
  if (start === undefined) return close();
  const asked = new URLSearchParams({ start, thread: field.dataset.names });
  const answer = await fetch(`/names?${asked}`, { headers: { Accept: "application/json" } });
  const names = answer.ok ? await answer.json() : [];
  if (begun(field) !== start) return; // it was typed on meanwhile
  close();
  if (!names.length) return;
  list = Object.assign(document.createElement("ul"), { id: "names", className: "names", role: "listbox", field });
  list.setAttribute("aria-label", field.dataset.namesLabel);
  list.append(...names.map(option));
  field.after(list);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  point(0);
}

document.addEventListener("input", ({ target }) => {
  if (target.dataset?.names === undefined) return;
  clearTimeout(timer);
  timer = setTimeout(offer, PAUSE, target);
});

document.addEventListener("keydown", (event) => {
  if (event.target !== list?.field) return;
  if (event.key === "ArrowDown") point(list.at + 1);
  else if (event.key === "ArrowUp") point(list.at - 1);
  else if (event.key === "Enter" || event.key === "Tab") take(list.children[list.at].mention);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
});

document.addEventListener("focusout", ({ target }) => target === list?.field && close());
