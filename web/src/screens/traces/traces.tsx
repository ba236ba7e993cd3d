import type { ScreenProps } from "../../main.tsx";
import { useTitle } from "../../frame/title.ts";

export function Traces(_props: ScreenProps) {
  useTitle("Traces");
  return <h1>Traces</h1>;
}
