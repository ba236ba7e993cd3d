import { createContext } from "preact";

/** Grows when the page asks all its questions again. */
export const RefreshContext = createContext(0);
