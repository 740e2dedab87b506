import { findAt } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { at, listAt, nameOf, namespaceOf } from "../core/parts.ts";
import type { Rendered } from "../core/rendered.ts";
import { type Amounts, amountsOf, show } from "./amounts.ts";
import { type Bounds, boundsByNamespace, filled } from "./limit-ranges.ts";
import { containersOf, type LooseContainer, podAmounts } from "./pod-amounts.ts";
import type { Workload } from "./workloads.ts";

/** Pods and claims that a LimitRange of their namespace makes the server refuse. */
export function findInLimits(
  rendered: readonly Rendered[],
  workloads: readonly Workload[],
): readonly Finding[] {
  if (!rendered.some(({ json }) => json["kind"] === "LimitRange")) return [];
  const boundsIn = boundsByNamespace(rendered);
  return [
    ...workloads.flatMap((workload) => inWorkload(workload, boundsIn(workload.namespace))),
    ...rendered.flatMap((each) => inClaims(each, boundsIn(namespaceOf(each)))),
  ];
}

function inWorkload(workload: Workload, bounds: readonly Bounds[]): readonly Finding[] {
  if (bounds.length === 0) return [];
  const { init, main } = containersOf(workload.pod, (container) => filled(container, bounds));
  const find = (fieldPath: string, message: string): Finding =>
    findAt(workload.rendered.object, "limits-violated", fieldPath, { message, fix });
  const ofContainers = (
    [
      ["initContainers", init],
      ["containers", main],
    ] as const
  ).flatMap(([list, containers]) =>
    containers.flatMap((container, index) => {
      const path = `${workload.path}.${list}.${index}.resources`;
      return problemsOf(container, bounds).map((message) =>
        find(path, `container "${container.name}" ${message}`),
      );
    }),
  );
  const whole: LooseContainer = {
    name: workload.name,
    restartPolicy: undefined,
    requests: podAmounts(workload.pod, "requests", (container) => filled(container, bounds)),
    limits: podAmounts(workload.pod, "limits", (container) => filled(container, bounds)),
  };
  const ofPod = bounds
    .filter(({ type }) => type === "Pod")
    .flatMap((each) => outOf(whole, each).map((message) => find(workload.path, `the pod ${message}`)));
  return [...ofContainers, ...ofPod];
}

const fix = "Ask for an amount within the bounds, or change the bounds of the namespace";

function problemsOf(container: LooseContainer, bounds: readonly Bounds[]): readonly string[] {
  const own = bounds.filter(({ type }) => type === "Container");
  // A limit that the server fills in does not look at the request that is there.
  const crossed = [...container.requests].flatMap(([resource, request]) => {
    const limit = container.limits.get(resource);
    if (limit === undefined || request <= limit) return [];
    const source = own.find(({ defaultLimit }) => defaultLimit.get(resource) === limit)?.owner ?? "";
    return [
      `asks for ${show(resource, request)} of ${resource}, more than the limit ${show(resource, limit)} that "${source}" gives it`,
    ];
  });
  return [...crossed, ...own.flatMap((each) => outOf(container, each))];
}

function outOf({ requests, limits }: LooseContainer, { owner, min, max, ratio }: Bounds): readonly string[] {
  const low = [...min].flatMap(([resource, least]) => {
    const amount = requests.get(resource) ?? 0;
    return amount < least
      ? [
          `asks for ${show(resource, amount)} of ${resource}, less than the least of "${owner}", ${show(resource, least)}`,
        ]
      : [];
  });
  const high = [...max].flatMap(([resource, most]) => {
    const amount = larger(limits, requests, resource);
    if (amount === undefined)
      return [`has no limit of ${resource}, of which "${owner}" allows ${show(resource, most)}`];
    return amount > most
      ? [
          `takes ${show(resource, amount)} of ${resource}, more than the most of "${owner}", ${show(resource, most)}`,
        ]
      : [];
  });
  const wide = [...ratio].flatMap(([resource, most]) => {
    const [limit, request] = [limits.get(resource), requests.get(resource)];
    if (limit === undefined || !request || (limit / request) * 1000 <= most) return [];
    return [
      `may take ${limit / request} times the ${resource} that it asks for, more than ${most / 1000} of "${owner}"`,
    ];
  });
  return [...low, ...high, ...wide];
}

function larger(limits: Amounts, requests: Amounts, resource: string): number | undefined {
  const amounts = [limits.get(resource), requests.get(resource)].filter((amount) => amount !== undefined);
  return amounts.length === 0 ? undefined : Math.max(...amounts);
}

function inClaims(rendered: Rendered, bounds: readonly Bounds[]): readonly Finding[] {
  const own = bounds.filter(({ type }) => type === "PersistentVolumeClaim");
  const path = "spec.resources.requests";
  const claims: readonly (readonly [string, string, unknown])[] =
    rendered.json["kind"] === "PersistentVolumeClaim"
      ? [[nameOf(rendered), path, rendered.json]]
      : listAt(rendered.json, "spec", "volumeClaimTemplates").map(
          (template, index) =>
            [
              String(at(template, "metadata", "name")),
              `spec.volumeClaimTemplates.${index}.${path}`,
              template,
            ] as const,
        );
  return claims.flatMap(([name, fieldPath, json]) => {
    const requests = amountsOf(at(json, "spec", "resources", "requests"));
    const claim = { name, restartPolicy: undefined, requests, limits: requests };
    return own.flatMap((each) =>
      outOf(claim, each).map((message) =>
        findAt(rendered.object, "limits-violated", `${fieldPath}.storage`, {
          message: `the claim "${name}" ${message}`,
          fix,
        }),
      ),
    );
  });
}
