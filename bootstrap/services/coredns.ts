import { nthAddress, parseCidr } from "../../clusters/cidr.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { ServiceInputs } from "./object.ts";
import { inKubeSystem, labelled } from "./object.ts";

const name = "coredns";
/** The label by which Kubernetes' own conventions know the cluster's DNS. */
const app = "kube-dns";
const labels = { "k8s-app": app };
/** Server blocks of others, `*.server` in these ConfigMaps: CoreDNS takes them up when they come, change and go. */
const customConfigMaps = ["coredns-custom", "coredns-clusterset"];
const customFolder = "/etc/coredns-custom";

/** CoreDNS at the tenth address of the service range, where kubelets look for it. */
export function coreDnsObjects({ cluster, bundle }: ServiceInputs): readonly KubeObject[] {
  const { serviceCidr, dnsDomain } = cluster.network;
  const range = parseCidr(serviceCidr);
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: inKubeSystem(name) },
    ...access,
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: inKubeSystem(name),
      data: { Corefile: corefile(dnsDomain) },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        ...inKubeSystem(app, {
          ...labels,
          "kubernetes.io/cluster-service": "true",
          "kubernetes.io/name": "CoreDNS",
        }),
        annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
      },
      spec: {
        ...(range && { clusterIP: nthAddress(range, 10) }),
        selector: labels,
        ports: [
          { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
          { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
          { name: "metrics", port: 9153, protocol: "TCP", targetPort: 9153 },
        ],
      },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: inKubeSystem(name),
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    },
    deployment(bundle.images.coredns),
  ];
}

const access: readonly KubeObject[] = [
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "system:coredns" },
    rules: [
      {
        apiGroups: [""],
        resources: ["endpoints", "services", "pods", "namespaces"],
        verbs: ["list", "watch"],
      },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "system:coredns" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" },
    subjects: [{ kind: "ServiceAccount", name, namespace: "kube-system" }],
  },
];

/** `loop` is left out: it ends CoreDNS on hosts whose resolver is a local one, where forwarding is all that suffers. */
function corefile(domain: string): string {
  return `.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes ${domain} in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
        max_concurrent 1000
    }
    cache 30 {
        disable success ${domain}
        disable denial ${domain}
    }
    reload
    loadbalance
}
import ${customFolder}/*.server
`;
}

/** The second replica waits for a second node, so that no single node takes the cluster's DNS away. */
function deployment(image: string): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: inKubeSystem(name, labels),
    spec: {
      replicas: 2,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      selector: { matchLabels: labels },
      template: labelled(app, {
        priorityClassName: "system-cluster-critical",
        serviceAccountName: name,
        dnsPolicy: "Default",
        nodeSelector: { "kubernetes.io/os": "linux" },
        tolerations: [
          { key: "CriticalAddonsOnly", operator: "Exists" },
          { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
        ],
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            minDomains: 2,
            topologyKey: "kubernetes.io/hostname",
            whenUnsatisfiable: "DoNotSchedule",
            nodeTaintsPolicy: "Honor",
            labelSelector: { matchLabels: labels },
          },
        ],
        containers: [container(image)],
        volumes: [
          { name: "config", configMap: { name, items: [{ key: "Corefile", path: "Corefile" }] } },
          {
            name: "custom",
            projected: {
              sources: customConfigMaps.map((each) => ({ configMap: { name: each, optional: true } })),
            },
          },
        ],
      }),
    },
  };
}

function container(image: string): object {
  return {
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    args: ["-conf", "/etc/coredns/Corefile"],
    resources: { requests: { cpu: "100m", memory: "70Mi" }, limits: { memory: "170Mi" } },
    ports: [
      { name: "dns", containerPort: 53, protocol: "UDP" },
      { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
      { name: "metrics", containerPort: 9153, protocol: "TCP" },
    ],
    livenessProbe: {
      httpGet: { path: "/health", port: 8080 },
      initialDelaySeconds: 30,
      timeoutSeconds: 5,
      failureThreshold: 5,
    },
    readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 2, failureThreshold: 5 },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: [
      { name: "config", mountPath: "/etc/coredns", readOnly: true },
      { name: "custom", mountPath: customFolder, readOnly: true },
    ],
  };
}
