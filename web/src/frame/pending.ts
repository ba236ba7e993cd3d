// A question of the colony that `api.ts` does not have yet.
export interface KeysAndValues {
  key: string | null;
  items: { text: string; spans: number }[];
  of: number;
  cut: boolean;
}

declare module "../api.ts" {
  interface Questions {
    "attributes": { ask: { q?: string; key?: string | null; prefix?: string; since?: string; until?: string; limit?: number }; answer: KeysAndValues };
  }
}
