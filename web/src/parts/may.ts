import { useContext } from "preact/hooks";
import { personOf, VisitorContext } from "../frame/session.ts";

/**
 * Whether the person has a permission, such as `status.read`; null before that is known. When the colony
 * does not say, the answer is yes: the colony refuses what is not allowed.
 */
export function useMay(permission: string): boolean | null {
  const visitor = useContext(VisitorContext);
  const person = personOf(visitor);
  return person === null ? (visitor === null ? null : true) : person.permissions.includes(permission);
}
