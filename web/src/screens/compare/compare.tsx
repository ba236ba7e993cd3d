import type { ScreenProps } from "../../main.tsx";
import { useTitle } from "../../frame/title.ts";

export function Compare(_props: ScreenProps) {
  useTitle("Compare");
  return <h1>Compare</h1>;
}
