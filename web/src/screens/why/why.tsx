import type { ScreenProps } from "../../main.tsx";
import { useTitle } from "../../frame/title.ts";

export function WhyScreen(_props: ScreenProps) {
  useTitle("Why");
  return <h1>Why</h1>;
}
