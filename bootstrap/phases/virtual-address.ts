import { isIP } from "node:net";
import { lastByte } from "../../clusters/cidr.ts";
import { apiPortOf, authorityOf } from "../../clusters/endpoint.ts";
import { paths } from "../paths.ts";
import type { ControlPlaneView, Phase, WantedFile } from "../view.ts";
import { keepUnit } from "./own-unit.ts";
import type { OwnUnit } from "./own-unit.ts";

/** keepalived, which moves the cluster's virtual address to a control-plane host whose API server is ready. */
export const virtualAddressUnit: OwnUnit = {
  name: "keelson-vip.service",
  what: "the virtual address",
  paths: [paths.vipUnit, paths.vipConfig, paths.vipCheck],
};

/** Keeps the virtual address: before there is a cluster, since kubeadm wants it from the beginning. */
export const virtualAddress: Phase<ControlPlaneView> = {
  title: "virtual address",
  plan: (view) =>
    view.cluster.endpoint.mode === "vip" ? keepUnit(view.facts, virtualAddressUnit, wantedFiles(view)) : [],
};

function wantedFiles(view: ControlPlaneView): readonly WantedFile[] {
  return [
    { path: paths.vipUnit, content: unitFile },
    { path: paths.vipConfig, content: virtualAddressConfig(view) },
    { path: paths.vipCheck, content: virtualAddressCheck(view), mode: 0o755 },
  ];
}

/**
 * The router id of a virtual address: its last byte, so that addresses of one small network never share one. Pure.
 *
 * @returns 1 to 255
 */
export function routerIdOf(address: string): number {
  return lastByte(address) || 255;
}

/**
 * keepalived's configuration for one host. Hosts tell each other alone, not the network. Whoever has the address keeps
 * it while it can: a host that comes back does not take it again. Pure.
 */
export function virtualAddressConfig({ facts, host, cluster, peers }: ControlPlaneView): string {
  const address = cluster.endpoint.host;
  const names = Object.keys(peers).sort();
  const others = names.filter((name) => name !== host.name).map((name) => peers[name] ?? "");
  const carrier = facts.addresses.find((entry) => entry.address === host.nodeAddress)?.interface ?? "eth0";
  const length = isIP(address) === 6 ? 128 : 32;
  return `# Written by keelson: moves ${address} to a control-plane host whose API server is ready.
global_defs {
    router_id ${host.nodeName}
    enable_script_security
    script_user root
}

vrrp_script api {
    script "${paths.vipCheck}"
    interval 2
    timeout 6
    fall 2
    rise 1
}

vrrp_instance api {
    state BACKUP
    nopreempt
    interface ${carrier}
    virtual_router_id ${String(routerIdOf(address))}
    priority ${String(100 - names.indexOf(host.name))}
    advert_int 1
    unicast_src_ip ${host.nodeAddress}
${others.length === 0 ? "" : `    unicast_peer {\n${others.map((peer) => `        ${peer}\n`).join("")}    }\n`}    virtual_ipaddress {
        ${address}/${String(length)} dev ${carrier}
    }
    track_script {
        api
    }
}
`;
}

/** Fails only where another host can do better: before there is any API server, somebody must have the address. Pure. */
export function virtualAddressCheck({ host, cluster, peers }: ControlPlaneView): string {
  const port = apiPortOf(cluster.endpoint);
  const others = Object.entries(peers)
    .filter(([name]) => name !== host.name)
    .map(([, address]) => authorityOf({ host: address, port }))
    .sort();
  return `#!/bin/sh
# Written by keelson.
ready() { curl -gfsk --max-time 1 -o /dev/null "https://$1/readyz"; }
ready 127.0.0.1:${String(port)} && exit 0
${others.map((other) => `ready ${other} && exit 1\n`).join("")}exit 0
`;
}

/** Under SELinux the check may ask no server, unless that switch is on. */
const unitFile = `[Unit]
Description=Virtual address of keelson for the Kubernetes API
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
RuntimeDirectory=keelson-vip
ExecStartPre=+-/usr/sbin/setsebool keepalived_connect_any 1
ExecStart=/usr/sbin/keepalived --dont-fork --log-console --vrrp -f ${paths.vipConfig} -p /run/keelson-vip/pid -r /run/keelson-vip/vrrp.pid
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
