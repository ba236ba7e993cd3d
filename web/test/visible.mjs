import { load } from "./load.mjs";

/** A text as the page shows it. */
export const { visible: visibleOf } = await load("format/visible.ts");
