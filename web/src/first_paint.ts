// Runs before the first paint, so that a page that is to be dark is never white for a moment.
const chosen = localStorage.getItem('youtu.theme');
if (chosen === '"light"' || chosen === '"dark"') {
  document.documentElement.dataset.theme = chosen.slice(1, -1);
}
