import { rmdir } from "node:fs/promises";
import { runLocal } from "./command.ts";

interface Address {
  readonly ifname: string;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

interface Route {
  readonly dst?: string;
}

/** Every IPv4 network that this computer has an address in or a route to. */
export async function usedNetworks(): Promise<readonly string[]> {
  const addresses = JSON.parse(await runLocal("ip", ["-json", "-4", "address"])) as readonly Address[];
  const routes = JSON.parse(
    await runLocal("ip", ["-json", "-4", "route", "show", "table", "all"]),
  ) as readonly Route[];
  const local = addresses.flatMap(({ addr_info = [] }) =>
    addr_info.flatMap(({ local: ip, prefixlen }) => (ip === undefined ? [] : [`${ip}/${prefixlen ?? 32}`])),
  );
  return [...local, ...routes.flatMap(({ dst }) => (dst === undefined || dst === "default" ? [] : [dst]))];
}

/** Makes the bridge with its address, or completes a half-made one. */
export async function ensureBridge(bridge: string, gateway: string): Promise<void> {
  if (!(await linkExists(bridge))) {
    await runLocal("ip", [
      "link",
      "add",
      "name",
      bridge,
      "type",
      "bridge",
      "stp_state",
      "0",
      "forward_delay",
      "0",
    ]);
  }
  await runLocal("ip", ["address", "replace", `${gateway}/24`, "dev", bridge]);
  await runLocal("ip", ["link", "set", "dev", bridge, "up"]);
}

export async function removeBridge(bridge: string): Promise<void> {
  await removeLink(bridge);
}

/** What nspawn leaves behind of a machine outside of its own folder. */
export async function removeTraces(id: string): Promise<void> {
  await removeLink(`vb-${id}`);
  await rmdir(`/run/systemd/nspawn/propagate/${id}`).catch(() => undefined);
}

async function removeLink(name: string): Promise<void> {
  if (!(await linkExists(name))) return;
  await runLocal("ip", ["link", "delete", "dev", name]).catch(async (error: unknown) => {
    // The kernel removes a dead machine's link by itself, at a time of its own.
    if (await linkExists(name)) throw error;
  });
}

async function linkExists(name: string): Promise<boolean> {
  const links = JSON.parse(await runLocal("ip", ["-json", "link", "show"])) as readonly {
    readonly ifname: string;
  }[];
  return links.some(({ ifname }) => ifname === name);
}
