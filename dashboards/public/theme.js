// The chosen theme, before anything is painted: the app comes too late for that, and the page would flash in the other one.
// A file of its own, because nothing may stand inline; the browser waits for it as it does for the styles.
try {
  const choice = localStorage.getItem('focusflow.theme');
  if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
} catch {
  // No storage, no choice: the system's theme.
}
