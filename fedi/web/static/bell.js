// The number of things a member is told changes while they read; nothing else moves.

function listen(bell) {
  const [number, words] = bell.children;
  let source = null;

  function tell({ data }) {
    const { count, text } = JSON.parse(data);
    bell.dataset.news = number.textContent = count;
    words.textContent = `: ${text}`;
  }

  function turn() {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (source === null) {
      source = new EventSource("/notifications/live");
      source.addEventListener("message", tell);
    }
  }

  document.addEventListener("visibilitychange", turn);
  turn();
}

document.querySelectorAll(".bell").forEach(listen);
