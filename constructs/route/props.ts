import type { AppReference } from "../core/access.ts";
import type { Exception } from "../core/finding.ts";
import type { Patch } from "../core/user-patch.ts";
import type { Ingress } from "../kubernetes/types.ts";
import type { GRPCRoute, HTTPRoute } from "../kubernetes/types-custom.ts";

/** What a route is made from: a host, and where its requests go. */
export type RouteProps = RouteOptions & Targets<RouteRule>;

export interface RouteOptions extends CommonOptions {
  /** Changes the objects themselves, for what has no property here. @default - none */
  readonly patch?: RoutePatch;
}

/** What a route for gRPC is made from. */
export type GrpcRouteProps = GrpcRouteOptions & Targets<GrpcRouteRule>;

export interface GrpcRouteOptions extends CommonOptions {
  /** Changes the object itself, for what has no property here. @default - none */
  readonly patch?: { readonly route?: Patch<GRPCRoute> };
}

/** One program for all requests, or rules. */
export type Targets<Rule> =
  | {
      /** Where all requests go. */
      readonly to: Backend | readonly RoutedPort[];
      readonly rules?: never;
    }
  | {
      readonly to?: never;
      /** Where requests go. Of several that match, the one that says most of the request holds, in whatever order they stand. */
      readonly rules: readonly Rule[];
    };

/** Some requests, and where they go. */
export interface RouteRule {
  /** What the path begins with, whole segments; or what it is. @default "/" */
  readonly path?: `/${string}` | { readonly exact: `/${string}` };
  /** @default - any */
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "PATCH";
  /** Headers that a request must have, by name. @default - any */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a request may take, in seconds; 0 for as long as it needs. @default - as long as the gateway lets it */
  readonly timeoutSeconds?: number;
  readonly to: Backend | readonly RoutedPort[];
}

/** Some calls of gRPC, and where they go. */
export interface GrpcRouteRule {
  /** The full name of a service, `acme.shop.Cart` for example. @default - any */
  readonly service?: string;
  /** The name of a method. @default - any */
  readonly method?: string;
  /** Headers that a call must have, by name. @default - any */
  readonly headers?: Readonly<Record<string, string>>;
  readonly to: Backend | readonly RoutedPort[];
}

/** A program, or one port of it. */
export type Backend = AppReference | RoutedPort;

/** One port of a program. */
export interface RoutedPort {
  readonly service: AppReference;
  /** The name of one of its ports. @default - its main port */
  readonly port?: string;
  /** Its share of the requests, beside those of the others in the list. @default 1 */
  readonly weight?: number;
}

/** Patches of the objects. Which of the two there is depends on the cluster's profile. */
export interface RoutePatch {
  readonly route?: Patch<HTTPRoute>;
  readonly ingress?: Patch<Ingress>;
}

interface CommonOptions {
  /** One host name or several; `*.example.com` stands for all names below. */
  readonly host: string | readonly string[];
  /** Pins the name, so that renaming the construct changes nothing. @default - the ids from the chart down, joined by `-` */
  readonly name?: string;
  /** Rules that do not hold here, with the reason. @default - none */
  readonly allow?: readonly Exception[];
}
