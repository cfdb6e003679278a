// The page looks as the editor did when it was last seen: Node-RED 5 has a dark theme.
const kept = "cp-is-message-log-dark";
const dark = "nr-theme-dark";

export function rememberTheme(): void {
  window.localStorage.setItem(kept, String(document.documentElement.classList.contains(dark)));
}

export function takeTheme(): void {
  document.documentElement.classList.toggle(dark, window.localStorage.getItem(kept) === "true");
}
