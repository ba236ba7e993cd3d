import type { ScreenProps } from "../../main.tsx";
import { useTitle } from "../../frame/title.ts";

export function Status(_props: ScreenProps) {
  useTitle("Status");
  return <h1>Status</h1>;
}
