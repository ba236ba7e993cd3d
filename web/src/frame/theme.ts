import { store } from "./stored.ts";

export type Theme = "system" | "light" | "dark";

export function theme(): Theme {
  const forced = document.documentElement.dataset["theme"];
  return forced === "dark" || forced === "light" ? forced : "system";
}

export function setTheme(theme: Theme): void {
  store("theme", theme === "system" ? null : theme);
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  // Canvases read their colours when they draw.
  dispatchEvent(new Event("coral:theme"));
}

/** The value of a colour token now, for a canvas. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
