import { useEffect, useState } from "preact/hooks";
import { serviceColor } from "../../parts/service.tsx";

/** The colours of the tokens as a canvas takes them. */
export interface Palette {
  service(name: string): string;
  token(name: string): string;
}

/** Reads the colours of the theme, and again when it changes. */
export function usePalette(): Palette | null {
  const [palette, set] = useState<Palette | null>(null);
  useEffect(() => {
    const read = () => set(paletteNow());
    read();
    const observer = new MutationObserver(read);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) => matchMedia(query));
    for (const query of queries) query.addEventListener("change", read);
    return () => {
      observer.disconnect();
      for (const query of queries) query.removeEventListener("change", read);
    };
  }, []);
  return palette;
}

function paletteNow(): Palette {
  const known = new Map<string, string>();
  const probe = document.createElement("span");
  probe.className = "unseen";
  const token = (name: string) => {
    let color = known.get(name);
    if (color === undefined) {
      document.body.append(probe);
      probe.style.color = `var(--${name})`;
      color = getComputedStyle(probe).color;
      probe.remove();
      known.set(name, color);
    }
    return color;
  };
  return { token, service: (name) => token(`service-${serviceColor(name)}`) };
}
