import type { ScreenProps } from "../../main.tsx";
import { useTitle } from "../../frame/title.ts";

export function ServiceScreen(_props: ScreenProps) {
  useTitle("Service");
  return <h1>Service</h1>;
}
