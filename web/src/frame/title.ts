import { useEffect } from "preact/hooks";
import { visible } from "../format/visible.ts";

/** Sets the title of the tab: `payments-api · Coral`. */
export function useTitle(title: string): void {
  useEffect(() => { document.title = title === "" ? "Coral" : `${visible(title)} · Coral`; }, [title]);
}
