// Choices that this browser remembers. Storage may be forbidden; then a choice lasts until the reload.
export function stored(name: "theme" | "keys" | "columns" | "live"): string | null {
  try {
    return localStorage.getItem(`coral.${name}`);
  } catch {
    return null;
  }
}

export function store(name: "theme" | "keys" | "columns" | "live", value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`coral.${name}`);
    else localStorage.setItem(`coral.${name}`, value);
  } catch {
    // See above.
  }
}
