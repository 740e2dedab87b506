import type { ConfigSource, ConfigValue } from "../config/source.ts";
import type { Exception } from "../core/finding.ts";
import type { Size, SizeName } from "../core/size.ts";
import type { Toleration } from "../kubernetes/types.ts";
import type { Late } from "../late.ts";
import type { Uses } from "../uses/props.ts";
import type { MountedVolume, OwnVolume } from "../volume/props.ts";

/** The reference of an image with a tag other than `latest`, or with a digest. */
export type Image = `${string}:${string}`;

/** A place in a file system, from its root. */
export type Path = `/${string}`;

/** A number, or the name of a port of the same container. */
export type Port = number | string;

/** A program in a container. */
export interface ContainerProps {
  readonly image: Image;
  /** Replaces the image's entry point. @default - the image's own */
  readonly command?: readonly string[];
  /** Arguments of the program. @default - the image's own */
  readonly args?: readonly string[];
  /** Environment variables. A late secret is kept in a Secret, and the pods are replaced when it changes. */
  readonly env?: Env;
  /**
   * What the program uses, by the name that its variables begin with: `{ db }` gives `DB_HOST` and `DB_PORT`, and opens
   * the way to it at both ends. What `env` says itself holds.
   * @default - nothing
   */
  readonly uses?: Uses;
  /** What the program needs: a preset, or exact amounts. @default "small" */
  readonly size?: SizeName | Size;
}

/** A container beside the program. */
export interface SideContainer extends ContainerProps {
  /** Its ports by name, `{ metrics: 9090 }` for example. @default - none */
  readonly ports?: Readonly<Record<string, number>>;
  /** How to see that it works. @default - it runs */
  readonly health?: Health;
}

/** What the pods of every workload are made from. */
export interface PodProps extends ContainerProps {
  /** Containers that run to their end before the program starts, in this order. @default - none */
  readonly init?: Readonly<Record<string, ContainerProps>>;
  /** Containers that start before the program and end after it (native sidecars). @default - none */
  readonly sidecars?: Readonly<Record<string, SideContainer>>;
  /** Containers beside the program, equal to it. @default - none */
  readonly containers?: Readonly<Record<string, SideContainer>>;
  /** Writable directories that all containers of a pod see; they are empty when the pod starts. @default - none */
  readonly shared?: readonly Path[];
  /** The files of a `Config` or `SecretRef`, by the directory that all containers of a pod find them in. @default - none */
  readonly files?: Readonly<Record<Path, ConfigSource>>;
  /** Volumes by name: made for this workload, or a `Volume` that others mount too. They outlive the pods. @default - none */
  readonly volumes?: Readonly<Record<string, OwnVolume | MountedVolume>>;
  /** The name of a PriorityClass. @default - the cluster's default */
  readonly priority?: string;
  /** The nodes that may run the pods. @default - all that take any pod */
  readonly nodes?: Nodes;
  /** How long the program may take to finish its work after SIGTERM, in seconds. @default 25 */
  readonly shutdownSeconds?: number;
  /** Pins the name, so that renaming the construct changes nothing. @default - the ids from the chart down, joined by `-` */
  readonly name?: string;
  /** Rules that do not hold here, with the reason. @default - none */
  readonly allow?: readonly Exception[];
}

/** Which nodes may run a pod. */
export interface Nodes {
  /** Labels that a node must have. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Taints that do not keep the pod away. @default - none */
  readonly tolerate?: readonly Toleration[];
}

/** How pods keep apart: if they can, always, or not at all. */
export type Spread = "preferred" | "required" | "none";

/** Environment variables by name: text, what a pod knows of itself, or a key of a `Config` or `SecretRef`. */
export type Env = Readonly<Record<string, string | Late<string> | PodField | ConfigValue>>;

/** What a pod can learn about itself. */
export interface PodField {
  readonly field: "metadata.name" | "metadata.namespace" | "spec.nodeName" | "status.podIP" | "status.hostIP";
}

/** How to see that a program works. */
export interface Health {
  /** While it fails, the pod gets no requests, and no update goes on. */
  readonly ready: Check;
  /** When it keeps failing, the pod is restarted. Must not depend on other services. @default - never restarted */
  readonly live?: Check;
  /** How long the program may take to start before `live` counts, in seconds. @default 60 */
  readonly startupSeconds?: number;
}

/**
 * A path that answers with 200 to 399, an accepted connection, gRPC's health service, or exactly one of the
 * long forms: a path over `http` or `https`, a port that accepts connections, a service of gRPC's health
 * service (`""` for the whole program), or a command that exits with 0.
 */
export type Check = Path | "tcp" | "grpc" | OneOf<Handlers>;

interface Handlers {
  readonly http: { readonly http: Path; readonly port?: Port };
  readonly https: { readonly https: Path; readonly port?: Port };
  readonly tcp: { readonly tcp: Port };
  readonly grpc: { readonly grpc: string; readonly port?: Port };
  readonly exec: { readonly exec: readonly string[] };
}

// Keys of the other forms are forbidden, since a union alone would accept a mixture.
type OneOf<T> = {
  [K in keyof T]: T[K] & Readonly<Partial<Record<Exclude<keyof T, K>, never>>>;
}[keyof T];
