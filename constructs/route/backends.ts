import type { AppReference } from "../core/access.ts";
import { type Resolved, resolve } from "../uses/resolve.ts";
import type { Backend, RoutedPort } from "./props.ts";

/** Where a part of the requests goes. */
export interface Target {
  readonly service: AppReference;
  /** The port of the Service. */
  readonly port: number;
  /** The port of the pods. */
  readonly podPorts: readonly number[];
  readonly weight: number | undefined;
}

/** The targets of a rule. */
export function targetsOf(to: Backend | readonly RoutedPort[]): readonly Target[] {
  return listOf(to).map((backend) => {
    const { service, weight } = "service" in backend ? backend : { service: backend, weight: undefined };
    const { port, peers }: Resolved = resolve(backend);
    return { service, port, podPorts: peers.flatMap(({ ports }) => ports), weight };
  });
}

/** What stands alone, as a list. */
export function listOf<T extends object>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** A reference to the Service of a target, from a route in the namespace `own`. */
export function backendRef(
  { service, port, weight }: Target,
  own: string | undefined,
): { readonly name: string; readonly namespace?: string; readonly port: number; readonly weight?: number } {
  const { name, namespace } = service;
  return {
    name,
    ...(namespace !== undefined && namespace !== own && { namespace }),
    port,
    ...(weight !== undefined && { weight }),
  };
}
