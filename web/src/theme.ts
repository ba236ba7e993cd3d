// Runs before the first paint, so that a chosen theme does not flash. No value: the system's theme.
try {
  const theme = localStorage.getItem("coral.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset["theme"] = theme;
} catch {
  // Storage may be forbidden; the system's theme is a good default.
}
