import type { ScreenProps } from "../../main.tsx";
import { useTitle } from "../../frame/title.ts";

export function Home(_props: ScreenProps) {
  useTitle("Home");
  return <h1>Home</h1>;
}
