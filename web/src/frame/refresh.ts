import { createContext } from "preact";

export interface Refresh {
  /** Grows when the page asks all its questions again. */
  count: number;
  /** Whether the person asked for it; a page that is live does it by itself. */
  byPerson: boolean;
}

export const RefreshContext = createContext<Refresh>({ count: 0, byPerson: true });
