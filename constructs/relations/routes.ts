import { findAt } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { listAt, type Part, partAt, textOf } from "../core/parts.ts";
import { profileOf } from "../core/profile.ts";
import type { Inventory, Item } from "./inventory.ts";
import { hasPort, meetsNamespace, type Network } from "./network.ts";
import { podsBehind, servicePort } from "./services.ts";

const routeKinds = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"] as const;

/** What is wrong between routes, the gateways that they attach to, and the Services that they lead to. */
export function findInRoutes(inventory: Inventory, network: Network): readonly Finding[] {
  const routes = routeKinds.flatMap((kind) => inventory.all(kind));
  const ingresses = inventory.all("Ingress");
  return [
    ...routes.flatMap((route) => [
      ...backendsOf(route).flatMap((backend) => checkBackend(backend, inventory, network)),
      ...checkParents(route, inventory),
    ]),
    ...ingresses.flatMap((ingress) =>
      ingressBackends(ingress).flatMap((backend) => checkBackend(backend, inventory, network)),
    ),
    ...findTaken([...routes.flatMap(matchesOf), ...ingresses.flatMap(pathsOf)]),
    ...findMixedHosts(inventory),
  ];
}

interface BackendRef {
  readonly route: Item;
  readonly path: string;
  readonly namespace: string;
  readonly name: unknown;
  readonly port: unknown;
  readonly portPath: string;
}

function checkBackend(backend: BackendRef, inventory: Inventory, network: Network): readonly Finding[] {
  const { route, path, namespace, name, port, portPath } = backend;
  const { object } = route.rendered;
  const service = inventory.find("Service", namespace, name);
  if (service === undefined) {
    if (namespace !== route.namespace) return [];
    const flaw = {
      message: `there is no Service "${String(name)}" in the namespace`,
      fix: "Name the Service of a program; if something else makes it, allow it with that reason",
    };
    return [findAt(object, "target-missing", `${path}.name`, flaw)];
  }
  const given = servicePort(service, port);
  if (given === undefined) {
    const ports = listAt(service.spec, "ports").map((each) => String(each["port"]));
    const flaw = {
      message: `Service "${service.name}" has no port ${String(port)}`,
      fix: `Use ${ports.join(" or ")}`,
    };
    return [findAt(object, "port-missing", portPath, flaw)];
  }
  return [
    ...checkGrant(backend, inventory),
    ...checkOpen(backend, given["targetPort"] ?? given["port"], { service, inventory, network }),
  ];
}

/** A Service of another namespace must agree that a route leads to it. */
function checkGrant({ route, path, namespace, name }: BackendRef, inventory: Inventory): readonly Finding[] {
  if (namespace === route.namespace) return [];
  const grants = inventory.all("ReferenceGrant").filter((grant) => grant.namespace === namespace);
  const isGranted = grants.some(
    ({ spec }) =>
      listAt(spec, "from").some(
        (from) => from["kind"] === route.kind && from["namespace"] === route.namespace,
      ) && listAt(spec, "to").some((to) => to["kind"] === "Service" && (to["name"] ?? name) === name),
  );
  if (isGranted) return [];
  const flaw = {
    message: `no ReferenceGrant in "${namespace}" lets a ${route.kind} of "${route.namespace}" lead to "${String(name)}"`,
    fix: `Make one in "${namespace}", or use a Route, which makes it`,
  };
  return [findAt(route.rendered.object, "grant-missing", path, flaw)];
}

interface Reached {
  readonly service: Item;
  readonly inventory: Inventory;
  readonly network: Network;
}

/** The pods must let the proxies through. */
function checkOpen({ route, path }: BackendRef, target: unknown, to: Reached): readonly Finding[] {
  const { service, inventory, network } = to;
  const proxies = proxiesOf(route);
  if (proxies === undefined) return [];
  const closed = podsBehind(service, inventory)?.find((pods) => {
    const rules = network.rulesOf(pods, "ingress");
    return rules?.every(
      (rule) =>
        !meetsNamespace(rule, "ingress", proxies) || !hasPort(rule.rule, { called: pods, ports: [target] }),
    );
  });
  if (closed === undefined) return [];
  const flaw = {
    message: `the policies of ${closed.kind} "${closed.name}" do not let the proxies in "${proxies}" come to that port`,
    fix: `Open it, access: { from: [{ namespace: "${proxies}" }] } for example, or use a Route, which does`,
  };
  return [findAt(route.rendered.object, "half-open", path, flaw)];
}

function proxiesOf(route: Item): string | undefined {
  const { gateway, ingress } = profileOf(route.rendered.object);
  if (route.kind === "Ingress") return ingress?.namespace;
  if (gateway !== undefined) return gateway.proxies ?? gateway.namespace;
  return undefined;
}

/** A Gateway of the app must have the listener, and take routes of the namespace. */
function checkParents(route: Item, inventory: Inventory): readonly Finding[] {
  return listAt(route.spec, "parentRefs").flatMap((parent, index) => {
    const namespace = textOf(parent["namespace"], route.namespace);
    const gateway = inventory.find("Gateway", namespace, parent["name"]);
    if (gateway === undefined || (parent["kind"] ?? "Gateway") !== "Gateway") return [];
    const path = `spec.parentRefs.${index}`;
    const { object } = route.rendered;
    const all = listAt(gateway.spec, "listeners");
    const named = all.filter(
      ({ name }) => parent["sectionName"] === undefined || name === parent["sectionName"],
    );
    if (named.length === 0) {
      const flaw = {
        message: `Gateway "${gateway.name}" has no listener "${String(parent["sectionName"])}"`,
        fix: `Use one of ${all.map(({ name }) => String(name)).join(", ")}`,
      };
      return [findAt(object, "target-missing", `${path}.sectionName`, flaw)];
    }
    if (named.some((listener) => takes(listener, gateway, route))) return [];
    const flaw = {
      message: `no listener of Gateway "${gateway.name}" takes the route: its namespace or its host names do not fit`,
      fix: "Let the listener's allowedRoutes.namespaces take it, and give the route a host name of the listener",
    };
    return [findAt(object, "route-refused", path, flaw)];
  });
}

function takes(listener: Part, gateway: Item, route: Item): boolean {
  const from = partAt(listener, "allowedRoutes", "namespaces")["from"] ?? "Same";
  const isNear =
    from === "All" || from === "Selector" || (from === "Same" && gateway.namespace === route.namespace);
  const host = listener["hostname"];
  const names = route.spec["hostnames"];
  if (!isNear || typeof host !== "string" || !Array.isArray(names)) return isNear;
  return names.some((name) => fits(String(name), host) || fits(host, String(name)));
}

function fits(name: string, pattern: string): boolean {
  return name === pattern || (pattern.startsWith("*.") && name.endsWith(pattern.slice(1)));
}

/** Requests that a route or an Ingress takes, as one text per host. */
interface Taken {
  readonly item: Item;
  readonly path: string;
  readonly key: string;
  readonly what: string;
}

function findTaken(all: readonly Taken[]): readonly Finding[] {
  const owners = new Map<string, Taken>();
  return all.flatMap((taken) => {
    const owner = owners.get(taken.key);
    if (owner === undefined) {
      owners.set(taken.key, taken);
      return [];
    }
    const where = owner.item === taken.item ? owner.path : `"${owner.item.rendered.object.node.path}"`;
    const flaw = {
      message: `${taken.what} also goes where ${where} leads it, and only one of the two gets it`,
      fix: "Give one of the two another host or path, or make one rule of them",
    };
    return [findAt(taken.item.rendered.object, "route-taken", taken.path, flaw)];
  });
}

function matchesOf(route: Item): readonly Taken[] {
  if (route.kind !== "HTTPRoute" && route.kind !== "GRPCRoute") return [];
  const parents = listAt(route.spec, "parentRefs").map(({ name, namespace, sectionName }) => [
    name,
    namespace,
    sectionName,
  ]);
  return hostsOf(route).flatMap((host) =>
    listAt(route.spec, "rules").flatMap((rule, index) => {
      const matches = listAt(rule, "matches");
      return (matches.length === 0 ? [{}] : matches).map((match) => {
        const path =
          match["path"] ?? (route.kind === "HTTPRoute" ? { type: "PathPrefix", value: "/" } : undefined);
        const key = JSON.stringify([route.kind, parents, host, sorted({ ...match, path })]);
        const what = `${host}${textOf(partAt({ path }, "path")["value"])}`;
        return { item: route, path: `spec.rules.${index}`, key, what };
      });
    }),
  );
}

function pathsOf(ingress: Item): readonly Taken[] {
  return listAt(ingress.spec, "rules").flatMap((rule, index) =>
    listAt(rule, "http", "paths").map((each, at) => ({
      item: ingress,
      path: `spec.rules.${index}.http.paths.${at}`,
      key: JSON.stringify([
        "Ingress",
        ingress.spec["ingressClassName"],
        rule["host"],
        each["pathType"],
        each["path"],
      ]),
      what: `${textOf(rule["host"], "any host")}${textOf(each["path"])}`,
    })),
  );
}

/** A gateway gives a host name of a listener to routes of one kind only. */
function findMixedHosts(inventory: Inventory): readonly Finding[] {
  const hosts = new Map(
    inventory.all("HTTPRoute").flatMap((route) => hostsOf(route).map((host) => [host, route])),
  );
  return inventory.all("GRPCRoute").flatMap((route) =>
    hostsOf(route).flatMap((host, index) => {
      const other = hosts.get(host);
      if (other === undefined || gatewaysOf(other) !== gatewaysOf(route)) return [];
      const flaw = {
        message: `${host} is also a host of the HTTPRoute at "${other.rendered.object.node.path}", and a gateway takes one kind only`,
        fix: "Give calls of gRPC a host name of their own",
      };
      return [findAt(route.rendered.object, "route-taken", `spec.hostnames.${index}`, flaw)];
    }),
  );
}

function gatewaysOf(route: Item): string {
  return JSON.stringify(listAt(route.spec, "parentRefs").map(({ name, namespace }) => [name, namespace]));
}

function hostsOf(route: Item): readonly string[] {
  const names = route.spec["hostnames"];
  return Array.isArray(names) && names.length > 0 ? names.map(String) : ["*"];
}

function backendsOf(route: Item): readonly BackendRef[] {
  return listAt(route.spec, "rules").flatMap((rule, index) =>
    listAt(rule, "backendRefs").flatMap((ref, at) => {
      if ((ref["kind"] ?? "Service") !== "Service") return [];
      const path = `spec.rules.${index}.backendRefs.${at}`;
      const namespace = textOf(ref["namespace"], route.namespace);
      return [{ route, path, namespace, name: ref["name"], port: ref["port"], portPath: `${path}.port` }];
    }),
  );
}

function ingressBackends(ingress: Item): readonly BackendRef[] {
  return listAt(ingress.spec, "rules").flatMap((rule, index) =>
    listAt(rule, "http", "paths").flatMap((each, at) => {
      const { name, port } = partAt(each, "backend", "service");
      if (name === undefined) return [];
      const path = `spec.rules.${index}.http.paths.${at}.backend.service`;
      const { number, name: portName } = partAt({ port }, "port");
      const given = number ?? portName;
      return [
        { route: ingress, path, namespace: ingress.namespace, name, port: given, portPath: `${path}.port` },
      ];
    }),
  );
}

function sorted(value: Part): unknown {
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort();
}
