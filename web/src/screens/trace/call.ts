import { CRITICAL, ERROR, type Rows } from "./rows.ts";

export interface Call {
  from: number;
  to: number;
  calls: number;
  errors: number;
  /** The time of the called spans, summed, in microseconds. */
  total: number;
  isCritical: boolean;
}

/** Calls between different services, the most often made first. Services are numbers of `rows.services`. */
export function callsOf(rows: Rows): Call[] {
  const found = new Map<number, Call>();
  for (let row = 0; row < rows.count; row += 1) {
    const parent = rows.parent[row]!;
    if (parent < 0) continue;
    const [from, to] = [rows.service[parent]!, rows.service[row]!];
    if (from === to) continue;
    const key = from * rows.services.length + to;
    let call = found.get(key);
    if (!call) found.set(key, (call = { from, to, calls: 0, errors: 0, total: 0, isCritical: false }));
    call.calls += 1;
    call.errors += rows.flags[row]! & ERROR;
    call.total += rows.duration[row]!;
    call.isCritical ||= (rows.flags[row]! & CRITICAL) !== 0;
  }
  return [...found.values()].sort((one, other) => other.calls - one.calls);
}

export interface Place {
  service: number;
  layer: number;
  /** From the top of the layer. */
  at: number;
}

const SWEEPS = 6;

/** Places services in layers from callers to callees. Calls back to a caller do not count. */
export function layersOf(services: readonly number[], calls: readonly Call[]): Place[] {
  const callees = new Map<number, number[]>(services.map((service) => [service, []]));
  for (const { from, to } of calls) if (callees.has(to)) callees.get(from)?.push(to);
  const order = topological(services, callees);
  const rank = new Map(order.map((service, at) => [service, at]));
  const layer = new Map(services.map((service) => [service, 0]));
  const isForward = (from: number, to: number) => rank.get(from)! < rank.get(to)!;
  for (const from of order) {
    for (const to of callees.get(from)!) if (isForward(from, to)) layer.set(to, Math.max(layer.get(to)!, layer.get(from)! + 1));
  }
  const layers: number[][] = [];
  for (const service of order) (layers[layer.get(service)!] ??= []).push(service);
  const at = new Map<number, number>();
  const number = (services: number[]) => services.forEach((service, place) => at.set(service, place - (services.length - 1) / 2));
  layers.forEach(number);
  const around = new Map<number, number[]>(services.map((service) => [service, []]));
  for (const { from, to } of calls) {
    if (!around.has(from) || !around.has(to)) continue;
    around.get(from)!.push(to);
    around.get(to)!.push(from);
  }
  const middle = (service: number) => {
    const near = around.get(service)!;
    return near.length === 0 ? at.get(service)! : near.reduce((sum, other) => sum + at.get(other)!, 0) / near.length;
  };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const services of sweep % 2 === 0 ? layers : layers.toReversed()) {
      services.sort((one, other) => middle(one) - middle(other));
      number(services);
    }
  }
  return layers.flatMap((services, layer) => services.map((service) => ({ service, layer, at: at.get(service)! })));
}

/** Callers before callees, as far as there are no circles. */
function topological(services: readonly number[], callees: ReadonlyMap<number, readonly number[]>): number[] {
  const done = new Set<number>();
  const order: number[] = [];
  for (const root of services) {
    const path: { service: number; next: number }[] = done.has(root) ? [] : [{ service: root, next: 0 }];
    done.add(root);
    while (path.length > 0) {
      const top = path.at(-1)!;
      const callee = callees.get(top.service)![top.next++];
      if (callee === undefined) order.push(path.pop()!.service);
      else if (!done.has(callee)) {
        done.add(callee);
        path.push({ service: callee, next: 0 });
      }
    }
  }
  return order.reverse();
}
