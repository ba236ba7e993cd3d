import type { ScreenProps } from "../../main.tsx";
import { useTitle } from "../../frame/title.ts";

export function MapScreen(_props: ScreenProps) {
  useTitle("Map");
  return <h1>Map</h1>;
}
