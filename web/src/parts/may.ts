import { usePerson } from "../frame/session.ts";

/** Whether the person has a permission, such as `status.read`; null before that is known. */
export function useMay(permission: string): boolean | null {
  const person = usePerson();
  return person === null || person === "signed-out" ? null : person.permissions.includes(permission);
}
