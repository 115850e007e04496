// A page of a debate learns that it goes on; its reader decides when to look.
//
// Only a page that is looked at keeps a connection: a browser has few of them for one server.

function follow(place) {
  let source = null;

  function tell({ data }) {
    const link = document.createElement("a");
    link.href = location.pathname + location.search; // without a fragment it loads again
    link.textContent = data;
    place.replaceChildren(link);
  }

  function turn() {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (source === null) {
      source = new EventSource(place.dataset.live);
      source.addEventListener("message", tell);
    }
  }

  document.addEventListener("visibilitychange", turn);
  turn();
}

document.querySelectorAll("[data-live]").forEach(follow);
