import { personOf, useVisitor } from "../frame/session.ts";

/** Whether the person has a permission, such as `status.read`; null before that is known. */
export function useMay(permission: string): boolean | null {
  const person = personOf(useVisitor());
  return person === null ? null : person.permissions.includes(permission);
}
