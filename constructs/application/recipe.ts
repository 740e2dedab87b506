import type { Profile } from "../../clusters/profile.ts";
import type { Access } from "../core/access.ts";
import type { Draft } from "../core/draft.ts";
import type { Identity } from "../core/identity.ts";
import type { Manifest, UserPatch } from "../core/manifest.ts";
import type { NetworkPolicy } from "../kubernetes/types.ts";
import type { Ports } from "../pod/probes.ts";
import type { Metrics } from "./metrics.ts";
import type { PodProps } from "../pod/props.ts";

/** What every kind of workload can be told. */
export interface ApplicationProps extends PodProps {
  /** Whom the program may call, and who may call it. */
  readonly access?: Partial<Access>;
  /** Where the program tells its metrics. @default - nowhere */
  readonly metrics?: Metrics;
  /** Changes the objects themselves, for what has no property here. @default - none */
  readonly patch?: object;
}

/** How one kind of workload becomes objects: the only thing in which kinds differ. */
export interface Recipe<P extends ApplicationProps> {
  /** Every property that there is. */
  readonly properties: Readonly<Record<keyof P, true>>;
  /** Every patch that there is, in the order in which they apply: its object, and the keys to its place in it. */
  readonly patches: Readonly<Record<keyof NonNullable<P["patch"]>, PatchTarget>>;
  /** The ports of the program by name, the main one first. @default - none */
  readonly ports?: (props: P) => Ports;
  /** The ports of its Service by the same names. @default - the same */
  readonly servicePorts?: (props: P) => Ports;
  /** What its main port speaks, the first word of a URL. @default - not known */
  readonly scheme?: string;
  /** Finds what is wrong with the properties beyond what all workloads share. */
  readonly check: (draft: Draft, props: P) => void;
  /** The objects in the order in which they are applied, by the ids of their constructs. */
  readonly objects: (context: Context, props: P) => Readonly<Record<string, Render | undefined>>;
  /** True if callers come from outside of the cluster. @default - never */
  readonly isExposed?: (props: P) => boolean;
  /** True if its Service is exported to the other clusters of the set. @default - never */
  readonly isExported?: (props: P) => boolean;
  /** True if the pods call each other. @default false */
  readonly isGroup?: boolean;
  /** How long the name may be; Kubernetes adds to it. @default 63 */
  readonly longestName?: number;
}

export type PatchTarget = readonly [object: string, ...at: string[]];

/** Called at synthesis, so that it may depend on the finished tree; its metadata may not. */
export type Render = () => Manifest;

/** What the objects of one workload are made from, beside its properties. */
export interface Context {
  readonly draft: Draft;
  readonly identity: Identity;
  readonly ports: Ports;
  /** By the id of their object. */
  readonly patches: ReadonlyMap<string, readonly UserPatch[]>;
  readonly networkPolicy: () => NetworkPolicy;
  /** What the cluster offers; said by the time that objects are rendered, and mostly before. */
  readonly profile: () => Profile;
  /** What the pods have for those who read their metrics. */
  readonly pods: {
    /** The ports of the program, with that of its metrics. */
    readonly ports: Ports;
    readonly annotations: Readonly<Record<string, string>>;
  };
  /** Undefined if nothing reads metrics by monitors. */
  readonly podMonitor: Render | undefined;
}

/** A recipe with the properties of one workload filled in. */
export interface Blueprint {
  readonly props: ApplicationProps;
  readonly properties: readonly string[];
  readonly patchable: readonly string[];
  readonly patches: ReadonlyMap<string, readonly UserPatch[]>;
  readonly ports: Ports;
  readonly servicePorts: Ports;
  readonly scheme: string | undefined;
  readonly check: (draft: Draft) => void;
  readonly objects: (context: Context) => Readonly<Record<string, Render | undefined>>;
  readonly isExposed: boolean;
  readonly isExported: boolean;
  readonly isGroup: boolean;
  readonly longestName: number;
}

/** Fills the properties of one workload in its recipe. */
export function blueprint<P extends ApplicationProps>(recipe: Recipe<P>, props: P): Blueprint {
  const ports = recipe.ports?.(props) ?? {};
  return {
    props,
    properties: Object.keys(recipe.properties),
    patchable: Object.keys(recipe.patches),
    patches: patchesOf(recipe.patches, props.patch),
    ports,
    servicePorts: recipe.servicePorts?.(props) ?? ports,
    scheme: recipe.scheme,
    check: (draft) => {
      recipe.check(draft, props);
    },
    objects: (context) => recipe.objects(context, props),
    isExposed: recipe.isExposed?.(props) ?? false,
    isExported: recipe.isExported?.(props) ?? false,
    isGroup: recipe.isGroup ?? false,
    longestName: recipe.longestName ?? 63,
  };
}

function patchesOf(
  targets: Readonly<Record<string, PatchTarget>>,
  patch: object = {},
): ReadonlyMap<string, readonly UserPatch[]> {
  const found = new Map<string, UserPatch[]>();
  for (const [key, [object, ...at]] of Object.entries(targets)) {
    const value = (patch as Readonly<Record<string, unknown>>)[key];
    if (value === undefined) continue;
    found.set(object, [...(found.get(object) ?? []), { fieldPath: `patch.${key}`, at, value }]);
  }
  return found;
}
