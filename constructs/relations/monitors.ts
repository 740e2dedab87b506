import { findAt } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { listAt, type Part, textOf } from "../core/parts.ts";
import { profileOf } from "../core/profile.ts";
import { containersOf, type Inventory, type Item } from "./inventory.ts";
import { selects } from "./selector.ts";

/** What is wrong between monitors of the Prometheus operator, what they read, and the Prometheus that looks for them. */
export function findInMonitors(inventory: Inventory): readonly Finding[] {
  return [
    ...inventory.all("ServiceMonitor").flatMap((monitor) => checkServiceMonitor(monitor, inventory)),
    ...inventory.all("PodMonitor").flatMap((monitor) => checkPodMonitor(monitor, inventory)),
    ...["ServiceMonitor", "PodMonitor"].flatMap((kind) => inventory.all(kind).flatMap(checkSeen)),
  ];
}

function checkServiceMonitor(monitor: Item, inventory: Inventory): readonly Finding[] {
  if (monitor.spec["namespaceSelector"] !== undefined) return [];
  const services = inventory
    .all("Service")
    .filter(
      ({ namespace, labels }) => namespace === monitor.namespace && selects(monitor.spec["selector"], labels),
    );
  if (services.length === 0) return [nothing(monitor, "no Service of the namespace has these labels")];
  return listAt(monitor.spec, "endpoints").flatMap((endpoint, index) =>
    checkPort(monitor, `spec.endpoints.${index}.port`, endpoint["port"], {
      ports: services.flatMap(({ spec }) => listAt(spec, "ports")),
      what: `Service "${services.map(({ name }) => name).join('", "')}"`,
    }),
  );
}

function checkPodMonitor(monitor: Item, inventory: Inventory): readonly Finding[] {
  if (monitor.spec["namespaceSelector"] !== undefined) return [];
  const pods = inventory.selected(monitor.spec["selector"], monitor.namespace);
  if (pods.length === 0) return [nothing(monitor, "no pods of the namespace have these labels")];
  return listAt(monitor.spec, "podMetricsEndpoints").flatMap((endpoint, index) =>
    checkPort(monitor, `spec.podMetricsEndpoints.${index}.port`, endpoint["port"], {
      ports: pods.flatMap((each) => containersOf(each).flatMap((container) => listAt(container, "ports"))),
      what: pods.map(({ kind, name }) => `${kind} "${name}"`).join(", "),
    }),
  );
}

/** Monitors name ports; one without a name is never read. */
function checkPort(
  monitor: Item,
  path: string,
  port: unknown,
  { ports, what }: { readonly ports: readonly Part[]; readonly what: string },
): readonly Finding[] {
  if (port === undefined || ports.some(({ name }) => name === port)) return [];
  const names = ports.flatMap(({ name }) => (name === undefined ? [] : [textOf(name)]));
  const flaw = {
    message: `${what} has no port with the name "${textOf(port)}"`,
    fix:
      names.length === 0
        ? "Give the port a name there: a monitor finds ports by name"
        : `Use ${names.join(" or ")}`,
  };
  return [findAt(monitor.rendered.object, "port-missing", path, flaw)];
}

function checkSeen(monitor: Item): readonly Finding[] {
  const { object } = monitor.rendered;
  const { monitoring } = profileOf(object);
  const missing = Object.entries(monitoring?.labels ?? {}).find(
    ([key, value]) => monitor.labels[key] !== value,
  );
  if (missing === undefined || monitoring?.finds === "annotations") return [];
  const [key, value] = missing;
  const flaw = {
    message: `the cluster's Prometheus looks for monitors with the label ${key}=${value}`,
    fix: "Give the monitor the labels of the profile's monitoring",
  };
  return [findAt(object, "monitor-unseen", "metadata.labels", flaw)];
}

function nothing(monitor: Item, message: string): Finding {
  return findAt(monitor.rendered.object, "selects-nothing", "spec.selector", {
    message,
    fix: "Use the labels of what it is to read; if something else makes that, allow it with that reason",
  });
}
