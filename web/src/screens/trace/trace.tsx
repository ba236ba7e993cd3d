import type { ScreenProps } from "../../main.tsx";
import { useTitle } from "../../frame/title.ts";

export function TraceScreen(_props: ScreenProps) {
  useTitle("Trace");
  return <h1>Trace</h1>;
}
