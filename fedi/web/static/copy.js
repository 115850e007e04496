// Puts an address where one can paste it from; its button is shown only where this can be done.

function offer(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.nextElementSibling.textContent = button.dataset.done;
  });
}

if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach(offer);
