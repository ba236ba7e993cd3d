import type { ScreenProps } from "../../main.tsx";
import { useTitle } from "../../frame/title.ts";

export function Ask(_props: ScreenProps) {
  useTitle("Ask");
  return <h1>Ask</h1>;
}
