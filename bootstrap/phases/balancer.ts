import { apiPortOf, authorityOf } from "../../clusters/endpoint.ts";
import type { Endpoint } from "../../clusters/endpoint.ts";
import { paths } from "../paths.ts";
import type { HostView, Phase, WantedFile } from "../view.ts";
import { keepUnit } from "./own-unit.ts";
import type { OwnUnit } from "./own-unit.ts";

/** The small TCP balancer through which a node finds the API servers that are ready. */
export const balancerUnit: OwnUnit = {
  name: "keelson-balancer.service",
  what: "the API's balancer",
  paths: [paths.balancerUnit, paths.balancerConfig],
};

/** Runs the balancer where each node is its own endpoint. What it knows is on the node's disk: it needs no API to start. */
export const balancer: Phase = {
  title: "balancer",
  plan: ({ facts, cluster: { endpoint } }: HostView) =>
    endpoint.mode === "nodeLocal" ? keepUnit(facts, balancerUnit, wantedFiles(endpoint)) : [],
};

function wantedFiles(endpoint: Endpoint): readonly WantedFile[] {
  return [
    { path: paths.balancerUnit, content: unitFile },
    { path: paths.balancerConfig, content: balancerConfig(endpoint) },
  ];
}

/**
 * The balancer's configuration. It speaks TCP alone, so that clients and servers see each other's certificates; the
 * sessions of a server that is no longer ready are cut at once, so that their clients go to another. Pure.
 */
export function balancerConfig(endpoint: Endpoint): string {
  const peers = Object.entries(endpoint.peers ?? {}).sort(([left], [right]) => (left < right ? -1 : 1));
  const port = apiPortOf(endpoint);
  return `# Written by keelson: leads this node to the API servers that are ready.
global
    log stderr format raw daemon notice
    maxconn 4000

defaults
    mode tcp
    log global
    timeout connect 3s
    timeout client 1h
    timeout server 1h
    timeout check 3s

frontend api
    bind ${authorityOf(endpoint)}
    default_backend api

backend api
    balance leastconn
    option redispatch 1
    option httpchk GET /readyz
    # A server that knows no anonymous readers is alive if it says so.
    http-check expect rstatus ^(200|401)$
    default-server check check-ssl verify none inter 3s fastinter 1s downinter 2s fall 2 rise 1 on-marked-down shutdown-sessions
${peers.map(([name, host]) => `    server ${name} ${authorityOf({ host, port })}`).join("\n")}
`;
}

/** Under SELinux a balancer may use the ports of web servers alone, unless that switch is on. */
const unitFile = `[Unit]
Description=Balancer of keelson for the Kubernetes API
After=network.target
Before=kubelet.service
StartLimitIntervalSec=0

[Service]
Type=notify
User=haproxy
ExecStartPre=+-/usr/sbin/setsebool haproxy_connect_any 1
ExecStart=/usr/sbin/haproxy -Ws -f ${paths.balancerConfig}
Restart=always
RestartSec=1
LimitNOFILE=16384

[Install]
WantedBy=multi-user.target
`;
