import { isIP } from "node:net";
import { controlPlaneCountProblem } from "../../clusters/define-cluster.ts";
import { proxyPattern } from "../../clusters/proxy.ts";
import { controlPlaneProblems } from "../../clusters/settings/control-plane.ts";
import { hookProblems } from "../../clusters/settings/hooks.ts";
import { fileProblems } from "../../clusters/settings/host-files.ts";
import { kubeletProblems } from "../../clusters/settings/kubelet.ts";
import { labelProblems, taintProblems } from "../../clusters/settings/node-marks.ts";
import { registryProblems } from "../../clusters/settings/registries.ts";
import { extraImageNames } from "../../toolchain/image-recipes.ts";
import { type Checker, label } from "./checker.ts";

const version = [/^\d+\.\d+\.\d+$/, "a version such as 1.35.4, without v"] as const;
const nodeName = [
  /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
  "a node name: a-z, 0-9, - and ., at most 253",
] as const;
const cidr = [/^[0-9a-fA-F.:]+\/\d{1,3}$/, "a range such as 10.244.0.0/16"] as const;
const known = extraImageNames.map((name) => `"${name}"`).join(", ");
const port = { min: 1, max: 65535 };

/** Checks the inputs that every resource of a cluster has. */
export function checkCluster(inputs: Checker): void {
  const cluster = inputs.at("cluster");
  if (!cluster.isKnown) {
    inputs.record("cluster", () => undefined);
    return;
  }
  cluster.text("name", { matches: label });
  cluster.text("kubernetes", { matches: version });
  const endpoint = cluster.at("endpoint");
  endpoint.oneOf("mode", ["address", "vip", "external", "nodeLocal"]);
  endpoint.text("host");
  endpoint.wholeNumber("port", port);
  cluster.list(
    "extraImages",
    (image) => {
      if (!extraImageNames.some((name) => name === image.asText)) image.refuse(`wants one of ${known}`);
    },
    true,
  );
  checkProxy(cluster.at("proxy"));
  cluster.rule("registries", registryProblems);
  cluster.rule("controlPlane", controlPlaneProblems);
  const network = cluster.at("network");
  network.oneOf("cni", ["canal", "none"]);
  for (const key of ["podCidr", "serviceCidr"]) {
    if (network.at(key).asText?.includes(",") === true) {
      network.at(key).refuse("asks for dual-stack, but this release has one range [KEELSON_NOT_SUPPORTED]");
    } else network.text(key, { matches: cidr });
  }
  network.text("dnsDomain");
  network.wholeNumber("mtu", { min: 1280, max: 65535 }, true);
  network.text("interface", { optional: true });
}

/** An address may hold a password: what does not fit is not shown. */
function checkProxy(proxy: Checker): void {
  for (const key of ["http", "https"]) {
    const { asText } = proxy.at(key);
    if (asText !== undefined && !proxyPattern.test(asText))
      proxy.at(key).refuse("wants a proxy's http address");
  }
  proxy.list("noProxy", () => undefined, true);
}

/** Checks a record of hosts. */
export function checkHosts(inputs: Checker, key: string): void {
  let controlPlanes = 0;
  inputs.record(key, (host, name) => {
    checkHost(host);
    if (!label[0].test(name)) host.refuse(`is named "${name}", but wants ${label[1]}`);
    if (host.at("role").asText === "controlPlane") controlPlanes += 1;
  });
  const problem = controlPlanes === 0 ? undefined : controlPlaneCountProblem(controlPlanes);
  if (problem !== undefined) inputs.at(key).refuse(`has ${problem} [KEELSON_NOT_SUPPORTED]`);
}

/** Checks one host. */
export function checkHost(host: Checker): void {
  host.oneOf("role", ["controlPlane", "worker"]);
  host.text("nodeName", { matches: nodeName });
  checkAddress(host, "nodeAddress");
  host.text("mirror", { optional: true, matches: [/^https?:\/\//, "an http address"] });
  host.wholeNumber("starts", { min: 0, max: Number.MAX_SAFE_INTEGER }, true);
  host.rule("labels", labelProblems);
  host.rule("taints", taintProblems);
  host.rule("kubelet", kubeletProblems);
  host.rule("files", fileProblems);
  host.rule("hooks", hookProblems);
  checkConnection(host.at("connection"));
}

function checkConnection(connection: Checker): void {
  connection.text("address");
  connection.wholeNumber("port", port, true);
  connection.text("user", { optional: true });
  for (const key of ["privateKey", "passphrase", "certificate", "sudoPassword", "hostKey"]) {
    connection.text(key, { optional: true });
  }
  connection.trueOrFalse("sshConfig", true);
  if (connection.at("bastion").isKnown) checkConnection(connection.at("bastion"));
}

function checkAddress(host: Checker, key: string): void {
  host.text(key);
  const address = host.at(key);
  if (address.asText !== undefined && isIP(address.asText) === 0) {
    address.refuse(`has "${address.asText}", but wants an IP address`);
  }
}
