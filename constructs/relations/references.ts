import { findAt } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { isRecord } from "../core/json.ts";
import { listAt, type Part, partAt, textOf } from "../core/parts.ts";
import type { Inventory, Item, PodItem } from "./inventory.ts";

/** What pods and bindings refer to by name, and is not there. */
export function findInReferences(inventory: Inventory): readonly Finding[] {
  return [
    ...inventory.pods.flatMap((pods) => [...checkAccount(pods, inventory), ...checkKeys(pods, inventory)]),
    ...findTwoOwners(inventory),
    ...inventory.all("RoleBinding").flatMap((binding) => checkBinding(binding, inventory)),
    ...inventory.all("ClusterRoleBinding").flatMap((binding) => checkSubjects(binding, inventory)),
  ];
}

function checkAccount(pods: PodItem, inventory: Inventory): readonly Finding[] {
  const account = pods.podSpec["serviceAccountName"];
  if (typeof account !== "string" || account === "default") return [];
  if (inventory.find("ServiceAccount", pods.namespace, account)) return [];
  const flaw = {
    message: `there is no ServiceAccount "${account}" in the namespace, and without it no pod is made`,
    fix: "Make it; if something else makes it, allow it with that reason",
  };
  return [findAt(pods.rendered.object, "target-missing", `${pods.podPath}.serviceAccountName`, flaw)];
}

/** Keys of ConfigMaps and Secrets of the app that containers read and that are not there. */
function checkKeys(pods: PodItem, inventory: Inventory): readonly Finding[] {
  // Constructs check what they are given, where it is given.
  if (pods.labels["app.kubernetes.io/managed-by"] === "keelson") return [];
  return (["initContainers", "containers"] as const).flatMap((group) =>
    listAt(pods.podSpec, group).flatMap((container, index) =>
      listAt(container, "env").flatMap((variable, at) => {
        const path = `${pods.podPath}.${group}.${index}.env.${at}.valueFrom`;
        return checkKey(pods, partAt(variable, "valueFrom"), path, inventory);
      }),
    ),
  );
}

function checkKey(pods: PodItem, from: Part, path: string, inventory: Inventory): readonly Finding[] {
  for (const [field, kind] of [
    ["configMapKeyRef", "ConfigMap"],
    ["secretKeyRef", "Secret"],
  ] as const) {
    const { name, key, optional } = partAt(from, field);
    const keys =
      name === undefined || optional === true ? undefined : keysIn(kind, pods.namespace, name, inventory);
    if (keys === undefined || keys.includes(textOf(key))) continue;
    const flaw = {
      message: `${kind} "${textOf(name)}" has no key "${textOf(key)}"`,
      fix: keys.length === 0 ? "Give it the key" : `Use one of ${keys.join(", ")}`,
    };
    return [findAt(pods.rendered.object, "config-unreadable", `${path}.${field}.key`, flaw)];
  }
  return [];
}

/** The keys that an object of the app has, or will have; undefined if they cannot be told. */
function keysIn(
  kind: string,
  namespace: string,
  name: unknown,
  inventory: Inventory,
): readonly string[] | undefined {
  const source = inventory.find(kind, namespace, name);
  if (source !== undefined) return keysOf(source);
  const external = inventory
    .all("ExternalSecret")
    .find((each) => kind === "Secret" && each.namespace === namespace && targetOf(each) === name);
  if (external === undefined || external.spec["dataFrom"] !== undefined) return undefined;
  if (partAt(external.spec, "target")["template"] !== undefined) return undefined;
  return listAt(external.spec, "data").map(({ secretKey }) => textOf(secretKey));
}

/** External Secrets would write over a Secret that the app or another ExternalSecret writes too. */
function findTwoOwners(inventory: Inventory): readonly Finding[] {
  const owners = new Map<string, Item>();
  return inventory.all("ExternalSecret").flatMap((secret) => {
    const key = `${secret.namespace}/${targetOf(secret)}`;
    const owner = owners.get(key) ?? inventory.find("Secret", secret.namespace, targetOf(secret));
    owners.set(key, owner ?? secret);
    if (owner === undefined) return [];
    const flaw = {
      message: `the Secret "${targetOf(secret)}" is also written by ${owner.kind} "${owner.name}", at "${owner.rendered.object.node.path}"`,
      fix: "Give one of the two another name",
    };
    return [findAt(secret.rendered.object, "managed-twice", "spec.target.name", flaw)];
  });
}

function targetOf({ name, spec }: Item): string {
  return textOf(partAt(spec, "target")["name"], name);
}

function keysOf({ rendered: { json } }: Item): readonly string[] {
  return ["data", "stringData", "binaryData"].flatMap((part) => Object.keys(partAt(json, part)));
}

function checkBinding(binding: Item, inventory: Inventory): readonly Finding[] {
  const { kind, name } = partAt(binding.rendered.json, "roleRef");
  const isMissing = kind === "Role" && inventory.find("Role", binding.namespace, name) === undefined;
  const flaw = {
    message: `there is no Role "${textOf(name)}" in the namespace, so it grants nothing`,
    fix: "Name a Role of the same namespace, or a ClusterRole with kind ClusterRole",
  };
  return [
    ...(isMissing ? [findAt(binding.rendered.object, "target-missing", "roleRef.name", flaw)] : []),
    ...checkSubjects(binding, inventory),
  ];
}

function checkSubjects(binding: Item, inventory: Inventory): readonly Finding[] {
  const subjects = binding.rendered.json["subjects"];
  const list: readonly unknown[] = Array.isArray(subjects) ? subjects : [];
  return list.flatMap((subject, index) => {
    if (!isRecord(subject) || subject["kind"] !== "ServiceAccount" || subject["name"] === "default")
      return [];
    const namespace = textOf(subject["namespace"], binding.namespace);
    // Accounts of namespaces that the app does not fill are somebody else's.
    const isOwn = inventory.all("ServiceAccount").some((each) => each.namespace === namespace);
    if (!isOwn || inventory.find("ServiceAccount", namespace, subject["name"])) return [];
    const flaw = {
      message: `there is no ServiceAccount "${String(subject["name"])}" in the namespace "${namespace}"`,
      fix: "Name the account of a workload, which has the workload's name",
    };
    return [findAt(binding.rendered.object, "target-missing", `subjects.${index}.name`, flaw)];
  });
}
