import type { ScreenProps } from "../../main.tsx";
import { useTitle } from "../../frame/title.ts";

export function Sql(_props: ScreenProps) {
  useTitle("SQL");
  return <h1>SQL</h1>;
}
