// The page around the cards: its language, and links inside the dashboard, which change the address and tell Streamlit so as the
// back button does; one history entry each.

window.outreachGo = (href) => {
  history.pushState({}, "", new URL(href, location.href));
  dispatchEvent(new PopStateEvent("popstate", { state: {} }));
};
if (!window.outreachLinks) {
  window.outreachLinks = true;
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="./"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    event.stopPropagation();
    window.outreachGo(link.getAttribute("href"));
  }, true);
}

export default function ({ data }) {
  document.documentElement.lang = data.language;
}
