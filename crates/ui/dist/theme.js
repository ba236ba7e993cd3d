"use strict";
(() => {
  // src/theme.ts
  try {
    const theme = localStorage.getItem("coral.theme");
    if (theme === "dark" || theme === "light") document.documentElement.dataset["theme"] = theme;
  } catch {
  }
})();
